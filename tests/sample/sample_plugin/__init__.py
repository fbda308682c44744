"""A plugin for everybody's tests: one small generator of each kind, without numpy."""

from sample_plugin.pictures import Blend, Group, Invert, Material, Noise, Weights
from sample_plugin.words import Words
from studio.hookspecs import hookimpl


@hookimpl
def register_generators(register):
    for generator in (Noise, Blend, Invert, Material, Weights, Group, Words):
        register(generator)

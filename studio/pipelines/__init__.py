"""Pipelines: recipes of generators with named assets flowing between steps."""

from studio.pipelines.book import PipelineBook
from studio.pipelines.gate import Replacement
from studio.pipelines.host import Call, Catalogue, PipelineHost, StepAsset
from studio.pipelines.recipe import Pipeline, Step, load_pipeline
from studio.pipelines.result import CallFailure, PipelineFailedError, PipelineRun
from studio.pipelines.runner import BELOW_GATE, run_pipeline
from studio.pipelines.validate import check_pipeline

__all__ = [
    "BELOW_GATE",
    "Call",
    "CallFailure",
    "Catalogue",
    "Pipeline",
    "PipelineBook",
    "PipelineFailedError",
    "PipelineHost",
    "PipelineRun",
    "Replacement",
    "Step",
    "StepAsset",
    "check_pipeline",
    "load_pipeline",
    "run_pipeline",
]

"""What is tried out before a flow draws pictures together."""

from collections.abc import Sequence

import torch
from studio_training.budget import MOST
from studio_training.together import Trial
from torch import Tensor

from studio_flow.network import FlowNet, Wanted
from studio_flow.sampling import ask

Shape = tuple[int, int, int, int]


def build_trial(network: FlowNet, shape: Shape, device: str = "cpu") -> Trial:
    """Build a trial of one step of a net, with fields (1, C, H, W)."""

    def draw(numbers: Sequence[int]) -> Tensor:
        # Drawn here, since most trials are never asked for.
        rng = torch.Generator().manual_seed(0)
        fields = torch.randn((MOST, *shape[1:]), generator=rng).to(device)
        facts = torch.randn((MOST, network.config.facts), generator=rng).to(device)
        rows = list(numbers)
        wanted = Wanted(
            torch.zeros(len(rows), dtype=torch.long, device=device),
            facts[rows],
            torch.ones(len(rows), device=device),
            torch.zeros(len(rows), device=device),
        )
        return ask(network, fields[rows], fields.new_full((len(rows),), 0.5), wanted)

    return draw

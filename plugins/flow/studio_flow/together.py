"""Drawing pictures together, where each comes out as it would alone."""

import torch

from studio_flow.budget import MOST, TOGETHER
from studio_flow.network import FlowNet, Wanted

Shape = tuple[int, int, int, int]


class Together:
    """Says how many pictures a net may draw at once.

    A seed must give the same alone and among others, to the bit. The nets are built so that it does
    (`studio_training.rows`); whether this machine's libraries keep to it is tried out once for each
    size. Where they do not, pictures are drawn one by one.
    """

    def __init__(self, device: str = "cpu") -> None:
        self._device = device
        self._known: dict[tuple[int, Shape], bool] = {}

    def count(self, network: FlowNet, shape: Shape, pixels: int) -> int:
        """Return how many, 1 or more.

        Args:
            network: that draws.
            shape: of one field (1, C, H, W).
            pixels: of what one becomes.
        """
        most = min(MOST, TOGETHER // pixels)
        if most <= 1:
            return 1
        key = (id(network), shape)
        if key not in self._known:
            self._known[key] = is_exact(network, shape, most, self._device)
        return most if self._known[key] else 1


@torch.inference_mode()
def is_exact(network: FlowNet, shape: Shape, count: int, device: str = "cpu") -> bool:
    """Tell whether a net gives the last of some fields the same bits as if it were alone."""
    rng = torch.Generator().manual_seed(0)
    config = network.config
    fields = torch.randn((count, *shape[1:]), generator=rng).to(device)
    facts = torch.randn((count, config.facts), generator=rng).to(device)

    def ask(first: int) -> torch.Tensor:
        rows = count - first
        wanted = Wanted(
            torch.zeros(rows, dtype=torch.long, device=device),
            facts[first:],
            torch.ones(rows, device=device),
            torch.zeros(rows, device=device),
        )
        return torch.as_tensor(network(fields[first:], fields.new_full((rows,), 0.5), wanted))

    together = ask(0)
    alone = ask(count - 1)
    pair = ask(max(0, count - 2))
    return torch.equal(together[-1], alone[-1]) and torch.equal(pair[-1], alone[-1])

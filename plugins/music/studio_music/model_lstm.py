"""LSTM and GRU over frames."""

from dataclasses import dataclass
from typing import Literal

from torch import Tensor, nn

Cell = Literal["lstm", "gru"]


@dataclass
class Memory:
    """State of the cells after the frames so far; None before the first."""

    state: tuple[Tensor, Tensor] | Tensor | None = None


class Recurrent(nn.Module):
    """Layers of LSTM or GRU, with dropout between them and a skip around all."""

    def __init__(self, cell: Cell, n_embd: int, n_layer: int, dropout: float) -> None:
        super().__init__()
        build = nn.LSTM if cell == "lstm" else nn.GRU
        within = dropout if n_layer > 1 else 0.0
        self.cells = build(n_embd, n_embd, n_layer, batch_first=True, dropout=within)
        self.norm = nn.LayerNorm(n_embd)

    def forward(self, x: Tensor) -> Tensor:
        """Run whole sequences (batch, frames, n_embd)."""
        result: Tensor = self.norm(x + self.cells(x)[0])
        return result

    def begin(self) -> Memory:
        """Start a sequence of one piece."""
        return Memory()

    def extend(self, x: Tensor, memory: Memory) -> Tensor:
        """Run the next frame (1, n_embd)."""
        made, memory.state = self.cells(x, memory.state)
        result: Tensor = self.norm(x + made)
        return result

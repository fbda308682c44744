"""Params: the validated inputs of one call."""

from pydantic import BaseModel, ConfigDict


class Params(BaseModel):
    """Base of every generator's params: frozen, and unknown names are refused.

    Give each field a default, bounds and a `description`; `json_schema_extra` may carry `unit`
    (text), `step` (number), `advanced` (bool) and `widget` for forms.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

"""Our look, said in Gradio's terms: every colour is a variable of `assets/ui/theme.css`."""

import gradio as gr

FONT = ("Studio Sans", "ui-sans-serif", "system-ui", "sans-serif")
MONO = ("Studio Mono", "ui-monospace", "Consolas", "monospace")

_COLOURS = {
    "body_background_fill": "bg",
    "body_text_color": "text",
    "body_text_color_subdued": "muted",
    "background_fill_primary": "surface",
    "background_fill_secondary": "raised",
    "border_color_accent": "accent",
    "border_color_accent_subdued": "line",
    "border_color_primary": "line",
    "color_accent_soft": "accent-soft",
    "link_text_color": "accent",
    "link_text_color_active": "accent",
    "link_text_color_hover": "accent-hover",
    "link_text_color_visited": "accent",
    "block_background_fill": "surface",
    "block_border_color": "line",
    "block_info_text_color": "muted",
    "block_label_text_color": "muted",
    "block_title_text_color": "text",
    "panel_background_fill": "surface",
    "panel_border_color": "line",
    "accordion_text_color": "text",
    "table_text_color": "text",
    "checkbox_background_color": "surface",
    "checkbox_background_color_focus": "surface",
    "checkbox_background_color_hover": "surface",
    "checkbox_background_color_selected": "accent",
    "checkbox_border_color": "line-strong",
    "checkbox_border_color_focus": "accent",
    "checkbox_border_color_hover": "accent",
    "checkbox_border_color_selected": "accent",
    "checkbox_label_background_fill": "surface",
    "checkbox_label_background_fill_hover": "raised",
    "checkbox_label_background_fill_selected": "accent-soft",
    "checkbox_label_border_color": "line",
    "checkbox_label_border_color_hover": "line-strong",
    "checkbox_label_border_color_selected": "accent",
    "checkbox_label_text_color": "text",
    "checkbox_label_text_color_selected": "text",
    "error_background_fill": "bad-soft",
    "error_border_color": "bad",
    "error_text_color": "bad",
    "error_icon_color": "bad",
    "input_background_fill": "surface",
    "input_background_fill_focus": "surface",
    "input_background_fill_hover": "surface",
    "input_border_color": "line",
    "input_border_color_focus": "accent",
    "input_border_color_hover": "line-strong",
    "input_placeholder_color": "muted",
    "loader_color": "accent",
    "slider_color": "accent",
    "table_border_color": "line",
    "table_even_background_fill": "surface",
    "table_odd_background_fill": "raised",
    "table_row_focus": "accent-soft",
    "button_primary_background_fill": "accent",
    "button_primary_background_fill_hover": "accent-hover",
    "button_primary_border_color": "accent",
    "button_primary_border_color_hover": "accent-hover",
    "button_primary_text_color": "accent-text",
    "button_secondary_background_fill": "surface",
    "button_secondary_background_fill_hover": "raised",
    "button_secondary_border_color": "line",
    "button_secondary_border_color_hover": "line-strong",
    "button_secondary_text_color": "text",
}
_LIGHT_ONLY = {"color_accent": "var(--s-accent)"}
_SHAPES = {
    "block_border_width": "0px",
    "block_padding": "0",
    "block_radius": "var(--s-radius)",
    "block_shadow": "none",
    "block_title_text_weight": "600",
    "block_title_text_size": "13px",
    "block_info_text_size": "12px",
    "button_large_radius": "var(--s-radius)",
    "button_medium_radius": "var(--s-radius)",
    "button_small_radius": "var(--s-radius-small)",
    "checkbox_border_radius": "4px",
    "checkbox_shadow": "none",
    "checkbox_label_shadow": "none",
    "container_radius": "var(--s-radius)",
    "form_gap_width": "0px",
    "input_border_width": "1px",
    "input_padding": "8px 10px",
    "input_radius": "6px",
    "input_shadow": "none",
    "input_shadow_focus": "0 0 0 3px var(--s-accent-soft)",
    "input_text_size": "14px",
    "layout_gap": "var(--s-gap)",
    "shadow_drop": "none",
    "shadow_drop_lg": "var(--s-shadow)",
    "shadow_inset": "none",
    "shadow_spread": "3px",
}


def build_theme() -> gr.themes.Base:
    """Return the theme; light and dark differ only in what the variables hold."""
    theme = gr.themes.Base(
        font=FONT,
        font_mono=MONO,
        radius_size=gr.themes.sizes.radius_md,
        text_size=gr.themes.sizes.text_md,
    )
    values = dict(_LIGHT_ONLY)
    for name, colour in _COLOURS.items():
        values[name] = f"var(--s-{colour})"
        if hasattr(theme, f"{name}_dark"):
            values[f"{name}_dark"] = f"var(--s-{colour})"
    for name, shape in _SHAPES.items():
        values[name] = shape
        if hasattr(theme, f"{name}_dark"):
            values[f"{name}_dark"] = shape
    return theme.set(**values)

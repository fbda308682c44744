"""Mount point of shipped data: `studio.data.presets`, `studio.data.pipelines`."""

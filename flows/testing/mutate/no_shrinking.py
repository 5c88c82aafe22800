"""A pytest plugin: Hypothesis stops at the first failing example instead of shrinking it."""

from hypothesis import Phase, settings

settings.register_profile("no shrinking", phases=[Phase.explicit, Phase.generate], database=None)
settings.load_profile("no shrinking")

"""A plugin of pytest: Hypothesis stops at the first example that fails; it looks for no other."""

from hypothesis import Phase, settings

settings.register_profile("no shrinking", phases=[Phase.explicit, Phase.generate], database=None)
settings.load_profile("no shrinking")

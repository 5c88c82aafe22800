"""What nextpnr reports of a routed design."""

REPORT = {
    "utilization": {
        "TRELLIS_COMB": {"used": 60000, "available": 83640},
        "DP16KD": {"used": 90, "available": 208},
        "DCCA": {"used": 1, "available": 56},
        "MULT18X18D": {"used": 0, "available": 156},
    },
    "fmax": {"$glbnet$clk": {"achieved": 14.25, "constraint": 12.5}},
}

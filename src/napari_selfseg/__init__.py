"""Self-training segmentation of images, without annotation and without pretrained weights."""

import lazy_loader as _lazy

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "catalogue": ["METHODS", "SUPERPIXELS", "segment"],
        "io": ["load_fit", "read_image", "read_record", "save_fit", "write_labels"],
        "methods": ["Backprop", "DIC", "DSC", "DeepCut", "SGSeg"],
        "objects": ["connected", "features", "merged_small"],
        "consensus": ["Consensus", "ConsensusSuperpixels"],
        "hierarchy": ["Hierarchy"],
        "protocol": ["Fit", "Run", "Step", "Stop", "evolve", "go_on", "merge"],
        "record": ["check_image", "unpack"],
        "replaying": ["as_script", "replay"],
        "scale": [
            "Batch",
            "Recipe",
            "StackRun",
            "Trainer",
            "applied",
            "over_stack",
            "over_tiles",
            "replay_stack",
        ],
        "superpixels": [
            "AutomaticWatershed",
            "CompactWatershed",
            "ContourWatershed",
            "Felzenszwalb",
            "LineWatershed",
            "Lsc",
            "MeanShift",
            "Patches",
            "Quickshift",
            "Slic",
            "Spnn",
        ],
    },
)

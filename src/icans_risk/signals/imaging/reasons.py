"""Why a scan gives no measurements, and what a reader should know of one that does."""

from collections.abc import Mapping

from icans_risk.signals.reasons import SHARED, FileRefusedError, Reason

__all__ = ["FLAGS", "REASONS", "RefusedError"]

# What is wrong with a scan or its masks. No message has room for anything that stands in a file.
REASONS: Mapping[str, Reason] = {
    **SHARED,
    "unsupported_format": Reason(
        "The file is not NIfTI-1, NIfTI-2 or NRRD.", "Convert it to NIfTI (.nii.gz)."
    ),
    "dicom": Reason(
        "The file is DICOM, which is not read here.",
        "Convert the series with dcm2niix, without its sidecar files: dcm2niix -b n -z y FOLDER.",
    ),
    "detached": Reason(
        "The header points to another file for its data.",
        "Save header and data in one file (.nii, .nii.gz or .nrrd).",
    ),
    "unsupported_type": Reason(
        "The voxels are colours, complex numbers or of another type that is not read.",
        "Export whole or floating-point numbers.",
    ),
    "unsupported_encoding": Reason(
        "The NRRD file is encoded in another way than raw or gzip, or skips bytes.",
        "Save it with the encoding raw or gzip.",
    ),
    "too_large": Reason(
        "The header states more data than are read.", "Crop or resample the scan to 512 MiB."
    ),
    "not_three_dimensional": Reason("The file is no volume.", "Export a volume of slices."),
    "several_volumes": Reason(
        "The file holds several volumes: a series over time, or channels.", "Export the one meant."
    ),
    "damaged_compression": Reason(
        "The compressed data are damaged: their checksum is wrong.", "Copy the file again."
    ),
    "spacing_not_stated": Reason(
        "The header does not say how large a voxel is.", "Export with spacing in mm."
    ),
    "implausible_spacing": Reason(
        "A voxel is smaller than 0.02 mm or larger than 20 mm.", "Correct the unit of length."
    ),
    "sheared": Reason(
        "The axes of the grid are not at right angles.", "Resample the scan to a plain grid."
    ),
    "affines_disagree": Reason(
        "The header states two sizes of a voxel that differ by more than 1 %.",
        "Use the scan as it was acquired, or resample it.",
    ),
    "not_finite": Reason(
        "Voxels within a mask are no numbers.", "Export the scan again, or correct the mask."
    ),
    "no_mask": Reason(
        "The row names no mask: there is nothing to measure.",
        "Name a mask in one of the columns brain, lesion, oedema, ventricles or reference.",
    ),
    "mask_not_found": Reason(
        "A mask is not there or cannot be opened.", "Correct its name in the table."
    ),
    "mask_unreadable": Reason(
        "A mask is refused as a file, for a reason that a scan would be refused for.",
        "List the mask as a scan to see the reason, or export it again.",
    ),
    "mask_grid_differs": Reason(
        "A mask has another grid than the scan.", "Resample the mask to the scan."
    ),
    "mask_not_labels": Reason(
        "A mask holds other values than whole numbers.", "Cut it at a threshold first."
    ),
    "mask_has_several_labels": Reason(
        "A mask holds several labels, and the table does not say which are meant.",
        "Name them behind the file: labels.nii.gz#1+4.",
    ),
    "mask_empty": Reason(
        "The mask of the brain or of the reference region is empty.", "Draw it, or leave it out."
    ),
    "implausible_brain": Reason(
        "The mask of the brain holds less than 200 mL or more than 2,500 mL.",
        "Correct the mask or the unit of length.",
    ),
}

# What was noticed about a scan that is used.
FLAGS: Mapping[str, str] = {
    "unit_not_stated": "no unit of length; taken for mm",
    "orientation_not_stated": "left and right are not stated; nothing that needs them is measured",
    "thick_slices": "voxels are more than 3 times as long as wide",
    "no_lesion": "the mask of the lesion is empty",
    "few_voxels": "a lesion of fewer than 8 voxels: its shape and intensity are not measured",
    "at_the_edge": "a mask reaches the edge of the scan: what lies beyond is not measured",
    "lesion_outside_brain": "more than 1 % of the lesion lies outside the mask of the brain",
}


class RefusedError(FileRefusedError):
    """A scan is not used, for one of the ``REASONS``."""

    reasons = REASONS

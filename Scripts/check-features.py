"""Compares the features that `headstart features export` writes with those of real Keras.

Takes 8 of the photos beside the repository (../shared/data/dogs-vs-cats/validation), at 150×150
(rescale, nearest) and 224×224 (caffe, bilinear), VGG16 with the real weights and VGG19 with
seeded ones (fixtures/features.py says which), and fails if block5_pool or block4_pool differ by
more than 1e-4 (Frobenius norm of the difference over that of Keras' features).

    swift build -c release && python3 Scripts/check-features.py [--headstart PATH] [--shared PATH]

Run with Keras 3.15.1, TensorFlow 2.21.0, Pillow 13.0.0, h5py 3.14.0 and NumPy 2.4.6.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "Scripts/fixtures"))

from features import LAYERS, network, preprocess

import numpy as np
from PIL import Image

TOLERANCE = 1e-4
WEIGHTS = "weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
SETTINGS = [(150, "rescale", "nearest"), (224, "caffe", "bilinear")]


def copy_photos(shared, folder):
    """4 photos of each class, spread over the class, and a fifth, lest 2 of the 8 validate."""
    for source in sorted((shared / "data/dogs-vs-cats/validation").iterdir()):
        photos = sorted(source.iterdir())
        photos = photos[:: len(photos) // 5][:5]
        for split, chosen in [("train", photos[:4]), ("validation", photos[4:])]:
            target = folder / split / source.name
            target.mkdir(parents=True)
            for photo in chosen:
                shutil.copy(photo, target)


def export(headstart, data, weights, backbone, setting, layer, scratch):
    """Our features and the files they belong to, in the order of the export."""
    size, preprocessing, interpolation = setting
    output = scratch / "export"
    shutil.rmtree(output, ignore_errors=True)
    subprocess.run(
        [headstart, "features", "export", data, "--split", "train", "--validation-share", "0",
         "--output", output,
         "--backbone", backbone, "--weights", weights, "--size", str(size),
         "--preprocessing", preprocessing, "--interpolation", interpolation, "--layer", layer,
         "--features", scratch / "store", "--ignore-exif", "--quiet"],
        check=True, stdout=subprocess.DEVNULL)
    files = (output / "bottleneck_files_train.txt").read_text().splitlines()
    return np.load(output / "bottleneck_features_train.npy"), files


def load(data, file, size, interpolation):
    """As Keras' load_img does it, the file's name being relative to the data or the split."""
    path = next(p for p in (data / file, data / "train" / file) if p.exists())
    with Image.open(path) as image:
        resampling = Image.Resampling[interpolation.upper()]
        return np.asarray(image.convert("RGB").resize((size, size), resampling))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--headstart", default=ROOT / ".build/release/headstart",
                        type=pathlib.Path)
    parser.add_argument("--shared", default=ROOT.parent / "shared", type=pathlib.Path)
    options = parser.parse_args()
    for needed in (options.headstart, options.shared / WEIGHTS):
        if not needed.exists():
            raise SystemExit(f"check-features: {needed} is missing")

    worst = 0.0
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        data = scratch / "data"
        copy_photos(options.shared, data)
        seeded = scratch / "vgg19_seeded.weights.h5"
        models = {"vgg16": (options.shared / WEIGHTS, network("vgg16", options.shared / WEIGHTS)),
                  "vgg19": (seeded, network("vgg19"))}
        models["vgg19"][1].save_weights(seeded)
        for backbone, (weights, model) in models.items():
            for setting in SETTINGS:
                size, preprocessing, interpolation = setting
                expected = None
                for index, layer in enumerate(LAYERS):
                    found, files = export(options.headstart, data, weights, backbone, setting,
                                          layer, scratch)
                    if len(files) != 8 or found.shape[0] != 8:
                        raise SystemExit(f"8 photos went in, {found.shape[0]} rows came out")
                    if expected is None:
                        images = [load(data, file, size, interpolation) for file in files]
                        expected = model.predict(
                            preprocess(np.stack(images), preprocessing), verbose=0)
                    if found.shape != expected[index].shape:
                        raise SystemExit(f"{found.shape}, but Keras: {expected[index].shape}")
                    errors = [np.linalg.norm(a - b) / np.linalg.norm(b)
                              for a, b in zip(found, expected[index])]
                    worst = max(worst, *errors)
                    print(f"{backbone} {size}x{size} {preprocessing:8} {interpolation:9} {layer}: "
                          f"relative error {max(errors):.1e}", flush=True)
    if not worst < TOLERANCE:
        raise SystemExit(f"check-features: {worst:.1e} exceeds {TOLERANCE:.0e}")
    print(f"all within {TOLERANCE:.0e} of Keras")


if __name__ == "__main__":
    main()

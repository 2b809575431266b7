"""Extracts VGG16 features of a folder of pictures with Keras and TensorFlow, as a user would.

A tf.data pipeline decodes ahead with PIL on all cores while `predict` runs.

    python3 Benchmarks/peers/extract_keras.py FOLDER --weights WEIGHTS.h5
"""

from extract_common import Stopwatch, arguments, load, pictures

watch = Stopwatch()
options = arguments("Keras")
import keras
import numpy as np
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(options.threads)
paths = pictures(options)
shape = (options.size, options.size, 3)
model = keras.applications.VGG16(include_top=False, weights=options.weights, input_shape=shape)


def read(path):
    image = tf.numpy_function(lambda p: load(p.decode(), options.size), [path], tf.float32)
    return tf.ensure_shape(image, shape)


images = (tf.data.Dataset.from_tensor_slices([str(path) for path in paths])
          .map(read, num_parallel_calls=options.threads, deterministic=True)
          .batch(options.batch).prefetch(2))
watch.is_ready()
features = model.predict(images, verbose=0)
np.save(options.output, features)
watch.report(f"Keras {keras.__version__}, TensorFlow {tf.__version__}", len(paths))

"""Train a LeNet-like network on rendered road signs with TensorFlow 1 graph code and write a V2 checkpoint.

The graph is the usual one of a TensorFlow 1 training script: placeholders, batch normalization switched by
is_training, dropout with keep_prob, loss, Adam, summaries and a saver. It eats pixels 0...255.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tensorflow.compat.v1 as tf  # noqa: E402

from render_signs import cached_set  # noqa: E402
from sign_shapes import LABELS  # noqa: E402

SIZE = 32
CLASSES = len(LABELS)


def variable(name: str, shape: list[int], initializer: tf.Initializer, trainable: bool = True) -> tf.Variable:
    """A float variable of the current scope."""
    return tf.get_variable(name, shape, tf.float32, initializer, trainable=trainable)


def batch_normalization(x: tf.Tensor, is_training: tf.Tensor, momentum: float = 0.99) -> tf.Tensor:
    """Fused batch normalization under tf.cond, as tf.layers.batch_normalization builds it."""
    channels = int(x.shape[-1])
    with tf.variable_scope("batch_normalization"):
        gamma = variable("gamma", [channels], tf.ones_initializer())
        beta = variable("beta", [channels], tf.zeros_initializer())
        mean = variable("moving_mean", [channels], tf.zeros_initializer(), trainable=False)
        variance = variable("moving_variance", [channels], tf.ones_initializer(), trainable=False)
        normalized, batch_mean, batch_variance = tf.cond(
            is_training,
            lambda: tf.nn.fused_batch_norm(x, gamma, beta, epsilon=1e-3, is_training=True),
            lambda: tf.nn.fused_batch_norm(x, gamma, beta, mean, variance, epsilon=1e-3, is_training=False),
        )
        rate = tf.cond(is_training, lambda: tf.constant(1 - momentum), lambda: tf.constant(0.0))
        for kept, new in ((mean, batch_mean), (variance, batch_variance)):
            tf.add_to_collection(tf.GraphKeys.UPDATE_OPS, tf.assign_sub(kept, (kept - new) * rate))
    return normalized


def convolution_block(x: tf.Tensor, name: str, kernel: int, channels: int, is_training: tf.Tensor) -> tf.Tensor:
    """Convolution with bias, batch normalization, ReLU, 2 x 2 max pooling."""
    with tf.variable_scope(name):
        shape = [kernel, kernel, int(x.shape[-1]), channels]
        weights = variable("weights", shape, tf.variance_scaling_initializer(2.0))
        biases = variable("biases", [channels], tf.zeros_initializer())
        x = tf.nn.bias_add(tf.nn.conv2d(x, weights, strides=[1, 1, 1, 1], padding="SAME"), biases)
        x = tf.nn.relu(batch_normalization(x, is_training))
        return tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")


def fully_connected(x: tf.Tensor, name: str, outputs: int) -> tf.Tensor:
    """Matrix product and bias."""
    with tf.variable_scope(name):
        weights = variable("weights", [int(x.shape[-1]), outputs], tf.variance_scaling_initializer(1.0))
        return tf.nn.xw_plus_b(x, weights, variable("biases", [outputs], tf.zeros_initializer()))


def flatten(x: tf.Tensor) -> tf.Tensor:
    """N x H x W x C to N x HWC, with N computed in the graph."""
    features = int(np.prod(x.shape[1:]))
    return tf.reshape(x, [tf.shape(x)[0], features], name="flatten")


def network(pixels: tf.Tensor, is_training: tf.Tensor, keep_prob: tf.Tensor) -> tf.Tensor:
    """Return the logits of N x 32 x 32 x 3 pixels in 0...255."""
    x = (pixels - 128.0) / 128.0
    x = convolution_block(x, "conv1", 5, 16, is_training)
    x = convolution_block(x, "conv2", 5, 32, is_training)
    x = convolution_block(x, "conv3", 3, 48, is_training)
    x = tf.nn.relu(fully_connected(flatten(x), "fc1", 96))
    x = tf.nn.dropout(x, keep_prob)
    return tf.identity(fully_connected(x, "fc2", CLASSES), name="logits")


class TrainingGraph:
    """The network with its loss, optimizer, summaries and saver, in the default graph."""

    def __init__(self) -> None:
        self.input = tf.placeholder(tf.float32, [None, SIZE, SIZE, 3], name="input")
        self.labels = tf.placeholder(tf.int64, [None], name="labels")
        self.is_training = tf.placeholder(tf.bool, [], name="is_training")
        self.keep_prob = tf.placeholder(tf.float32, [], name="keep_prob")
        self.rate = tf.placeholder(tf.float32, [], name="learning_rate")
        self.logits = network(self.input, self.is_training, self.keep_prob)
        self.predictions = tf.nn.softmax(self.logits, name="predictions")
        with tf.name_scope("loss"):
            targets = tf.one_hot(self.labels, CLASSES)
            self.loss = tf.losses.softmax_cross_entropy(targets, self.logits, label_smoothing=0.05)
        with tf.name_scope("accuracy"):
            right = tf.equal(tf.argmax(self.predictions, 1), self.labels)
            self.accuracy = tf.reduce_mean(tf.cast(right, tf.float32))
        self.global_step = tf.train.get_or_create_global_step()
        with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
            self.step = tf.train.AdamOptimizer(self.rate).minimize(self.loss, self.global_step, name="train")
        tf.summary.scalar("loss", self.loss)
        tf.summary.scalar("accuracy", self.accuracy)
        tf.summary.histogram("logits", self.logits)
        self.summaries = tf.summary.merge_all()
        self.saver = tf.train.Saver()

    def feed(self, images: np.ndarray, labels: np.ndarray, rate: float) -> dict:
        """Feed of one step; a rate of zero means evaluation."""
        training = rate > 0
        return {
            self.input: images.astype(np.float32),
            self.labels: labels,
            self.is_training: training,
            self.keep_prob: 0.5 if training else 1.0,
            self.rate: rate,
        }


def augmented(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shift each image by up to 2 pixels, with repeated borders, and change its brightness a little."""
    reach = 2
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    shifts = rng.integers(0, 2 * reach + 1, (len(images), 2))
    shifted = np.stack([p[y : y + SIZE, x : x + SIZE] for p, (y, x) in zip(padded, shifts)]).astype(np.float32)
    return np.clip(shifted * rng.uniform(0.85, 1.15, (len(images), 1, 1, 1)), 0, 255)


def accuracy(session: tf.Session, graph: TrainingGraph, images: np.ndarray, labels: np.ndarray) -> float:
    """Share of images whose most probable class is the label's."""
    starts = range(0, len(images), 200)
    parts = [(images[s : s + 200], labels[s : s + 200]) for s in starts]
    right = [len(y) * session.run(graph.accuracy, graph.feed(x, y, 0.0)) for x, y in parts]
    return float(sum(right) / len(images))


def train(options: argparse.Namespace) -> None:
    """Train and save."""
    images, labels = cached_set(options.count, options.seed, SIZE, options.cache)
    held_images, held_labels = cached_set(options.held_out, options.held_out_seed, SIZE, options.cache)
    rng = np.random.default_rng(options.seed)
    tf.set_random_seed(options.seed)
    graph = TrainingGraph()
    print(f"parameters {sum(int(np.prod(v.shape)) for v in tf.trainable_variables())}")
    config = tf.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    steps_per_epoch, started = len(images) // options.batch, time.monotonic()
    total = steps_per_epoch * options.epochs
    with tf.Session(config=config) as session:
        session.run(tf.global_variables_initializer())
        for epoch in range(options.epochs):
            order = rng.permutation(len(images))
            for k in range(steps_per_epoch):
                chosen = order[k * options.batch : (k + 1) * options.batch]
                progress = (epoch * steps_per_epoch + k) / total
                rate = options.rate * (0.5 + 0.5 * math.cos(math.pi * progress)) + 1e-6
                session.run(graph.step, graph.feed(augmented(images[chosen], rng), labels[chosen], rate))
            held = accuracy(session, graph, held_images, held_labels)
            print(f"epoch {epoch + 1} held-out {held:.4f} {time.monotonic() - started:.0f} s", flush=True)
        save(session, graph, options.out)


def save(session: tf.Session, graph: TrainingGraph, prefix: Path) -> None:
    """Write prefix.index, prefix.data-00000-of-00001 and prefix.meta, and no `checkpoint` file with a path."""
    prefix.parent.mkdir(parents=True, exist_ok=True)
    graph.saver.save(session, str(prefix), write_state=False)


def main() -> None:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("signs/model.ckpt"), help="prefix of the three files")
    parser.add_argument("--cache", type=Path, required=True, help="folder for rendered sets, outside the repository")
    parser.add_argument("--count", type=int, default=24000, help="training images")
    parser.add_argument("--seed", type=int, default=1001)
    parser.add_argument("--held-out", type=int, default=2400)
    parser.add_argument("--held-out-seed", type=int, default=2001)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.002, help="initial learning rate")
    options = parser.parse_args()
    tf.disable_v2_behavior()
    train(options)


if __name__ == "__main__":
    main()

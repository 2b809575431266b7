extension RecipeBook {
  static let catsNDogs = """
    name: cats-n-dogs
    title: Two folds, each its own head and fine-tuned block 5, averaged, at 250 x 250
    source: seed 001, cats_n_dogs.ipynb
    published: "Kaggle log loss .161, from 25,000 cats and dogs"
    notes:
      - In the original the head is trained before the folds are made, and so has seen every fold's validation pictures. Here each fold trains its own.
      - The original keeps 17.5 GiB of pixels in memory; here features are read from the disk.
      - Two classes have one sigmoid here, which can say what the original's softmax over two says with half as many weights in the last layer; at the same rate that layer moves half as far.
      - Classes stand in alphabetical order here, in the original dog is 0 and cat 1; the submission's label is P(dog) in both. The folds are drawn by --seed, in the original with seed 7.
      - A fold's fine-tuned model is kept only if it is better on the fold's own pictures than its head.
      - A fold's model has the weights of its best epoch, the original's of its last; and patience counts as in Keras today, while Keras 1 trained on for one epoch more.
      - Its ids keep ".jpg"; here they do not.
      - \(orientationNote)
      - \(rmspropNote)
    pictures: {size: 250, preprocessing: rescale, interpolation: nearest}
    models:
      - name: head
        backbone: vgg16
        folds: 2
        head: {pooling: flatten, hidden: 256, dropout: 0.5, solver: rmsprop, batchSize: 16, epochs: 3, calibrates: false}
      - name: fine-tuned
        startsFrom: head
        folds: 2
        fineTuning:
          calibrates: false
          unfreeze: block5
          optimizer: sgd
          learningRate: 0.0001
          momentum: 0.9
          batchSize: 16
          epochs: 50
          patience: 1
          refitHead: false
          views: 1
          augmentation: {}
        filters: {layer: block5_conv1, count: 16}
    result: fine-tuned
    """
}

extension RecipeBook {
  /// The blog's first network and its training, 1,212,513 parameters at 150 × 150; as it stands in a
  /// model.
  static let smallConvnet = """
    network:
      - Conv2D: {filters: 32, kernel_size: 3, activation: relu}
      - MaxPooling2D
      - Conv2D: {filters: 32, kernel_size: 3, activation: relu}
      - MaxPooling2D
      - Conv2D: {filters: 64, kernel_size: 3, activation: relu}
      - MaxPooling2D
      - Flatten
      - Dense: {units: 64, activation: relu}
      - Dropout: {rate: 0.5}
      - Output
    training:
      calibrates: false
      optimizer: rmsprop
      learningRate: 0.001
      batchSize: 16
      epochs: 50
      augmentation: {shearRange: 11.46, zoomRange: 0.2, horizontalFlip: true}
    """.replacing("\n", with: "\n    ")

  static let kerasBlog = """
    name: keras-blog
    title: The three scripts of "Building powerful image classification models using very little data"
    source: F. Chollet, The Keras Blog, 2016
    published: "validation accuracy of 2000/800 cats and dogs: small-convnet .79-.81, bottleneck .90-.91, fine-tuned .94"
    notes:
      - The original unfreezes by index (layers[:25]), which is right for a net with ZeroPadding layers only; what is meant, and done here, is block 5 and the head.
      - Shear of .2 radians, as Keras had it then, is 11.46 degrees.
      - For fine-tuning, augmented views are computed once and kept, twelve of each picture, in place of a fresh one each time.
      - The convnet and the fine-tuned model have the weights of the epoch of least validation loss, not of the last; the fine-tuned model is kept only if that loss is below the bottleneck model's.
      - \(orientationNote)
      - \(rmspropNote)
    pictures: {size: 150, preprocessing: rescale, interpolation: nearest}
    models:
      - name: small-convnet
        \(smallConvnet)
      - name: bottleneck
        backbone: vgg16
        head: {pooling: flatten, hidden: 256, dropout: 0.5, solver: rmsprop, epochs: 50, batchSize: 16, calibrates: false}
      - name: fine-tuned
        startsFrom: bottleneck
        fineTuning:
          calibrates: false
          unfreeze: block5
          optimizer: sgd
          learningRate: 0.0001
          momentum: 0.9
          batchSize: 16
          epochs: 50
          views: 12
          refitHead: false
          augmentation: {shearRange: 11.46, zoomRange: 0.2, horizontalFlip: true}
    result: fine-tuned
    """
}

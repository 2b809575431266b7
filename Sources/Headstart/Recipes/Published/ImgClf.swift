extension RecipeBook {
  static let imgClf = """
    name: img-clf
    title: Bottleneck head, then fine-tuning of block 5, both stopped early, at 200 x 200
    source: seed 001, img_clf.py
    published: "validation accuracy .96-.98, log loss about .18 of 24,500/500 cats and dogs"
    notes:
      - The original's submission has no header and stands in the order of the directory, unclipped; its test pictures are resized by another library than the training pictures. Here none of that.
      - The weights are those of the best epoch, the original's of the last; and patience counts as in Keras today, while Keras 1 trained on for one epoch more.
      - For fine-tuning, augmented views are computed once and kept, six of each picture, in place of a fresh one each time; the result is kept only if its validation loss is below the bottleneck model's.
      - \(orientationNote)
      - \(rmspropNote)
    pictures: {size: 200, preprocessing: rescale, interpolation: nearest}
    models:
      - name: bottleneck
        backbone: vgg16
        head:
          calibrates: false
          pooling: flatten
          hidden: 256
          dropout: 0.5
          solver: rmsprop
          batchSize: 32
          epochs: 25
          patience: 2
      - name: fine-tuned
        startsFrom: bottleneck
        savesParts: true
        fineTuning:
          calibrates: false
          unfreeze: block5
          optimizer: sgd
          learningRate: 0.0001
          momentum: 0.9
          batchSize: 32
          epochs: 25
          patience: 2
          views: 6
          refitHead: false
          augmentation: {shearRange: 11.46, zoomRange: 0.2, horizontalFlip: true}
    result: fine-tuned
    """
}

extension RecipeBook {
  static let catsNDogsBN = """
    name: cats-n-dogs-bn
    title: VGG16BN's dense block with a new last layer, augmented in training and at test
    source: seed 001, cats_n_dogs_BN.ipynb and vgg_bn.py (fast.ai's VGG16BN)
    published: "Kaggle log loss .069, from 23,000 cats and dogs, with a mean of 5 augmented passes"
    notes:
      - The weights are fast.ai's vgg16_bn.h5, if it lies in the folder of the weights; else VGG16's convolutions with a dense block that is made anew and says so.
      - The original trains on a fresh view in each epoch; here four views of each picture are computed once and kept.
      - The published .069 was reached with SGD (nesterov momentum .9, decay 1e-6) in place of Adam.
      - Frozen batch normalisation keeps its moving statistics.
      - \(orientationNote)
    pictures: {size: 224, preprocessing: caffe, interpolation: nearest}
    models:
      - name: vgg16bn
        backbone: vgg16
        denseBlock: vgg16bn
        network:
          - Output: {activation: softmax}
        training:
          calibrates: false
          optimizer: adam
          learningRate: 0.001
          batchSize: 64
          epochs: 10
          views: 4
          augmentation:
            rotationRange: 10
            widthShiftRange: 0.05
            heightShiftRange: 0.05
            zoomRange: 0.05
            shearRange: 2.865
            channelShiftRange: 10
            horizontalFlip: true
    testTime:
      views: 5
      augmentation:
        rotationRange: 10
        widthShiftRange: 0.05
        heightShiftRange: 0.05
        zoomRange: 0.05
        shearRange: 2.865
        channelShiftRange: 10
        horizontalFlip: true
    clip: 0.01
    """
}

extension RecipeBook {
  static let best = """
    name: best
    title: What measures best for its time, judged by validation pictures alone
    source: Headstart
    notes:
      - At 224 x 224 block 5 is fine-tuned on four augmented views of each picture, from a head fitted to them; at 320 x 320 the frozen base is as good without, and cheaper.
      - The two sizes err on different pictures, so their mean is better than either; each picture is judged together with its mirror image.
    models:
      - name: head-224
        pictures: {size: 224}
        backbone: vgg16
        head: {}
      - name: fine-tuned-224
        startsFrom: head-224
        fineTuning: {learningRate: 0.0003, schedule: cosine, epochs: 6, views: 4}
      - name: head-320
        pictures: {size: 320}
        backbone: vgg16
        head: {}
    result: {models: [fine-tuned-224, head-320]}
    testTime: flip
    """
}

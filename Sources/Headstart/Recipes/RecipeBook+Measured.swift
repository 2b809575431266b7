extension RecipeBook {
  /// What recipes came to on 2000 training and 800 validation photos of cats and dogs; the README's
  /// table says more, and which were cut.
  public static let measured = [
    "best": "validation accuracy .993, log loss .020",
    "keras-blog":
      "validation accuracy small-convnet .791, bottleneck .896, fine-tuned .914 (20 epochs of 50)",
    "tutorial": "validation accuracy .791",
    "img-clf": "validation accuracy .931, log loss .172, one view of each picture in place of six",
    "cats-n-dogs": "validation accuracy .907, log loss .210",
    "cats-n-dogs-bn":
      "validation accuracy .970, log loss .102, its dense block untrained, two views in place of four",
    "dsouza": "validation accuracy .682 (A), .641 (B)",
    "moazeni": "validation accuracy .741, from 2000 photos",
    "vgg19-comparison":
      "validation accuracy .730, .798, .716 (20 epochs of 100); with VGG16 .902, .920 (two views)",
  ]
}

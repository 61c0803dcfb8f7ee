/// The people and things of one story or scenario.
struct StoryCast {
  let isWoman: Bool
  let first: String
  /// Of the other sex, so that pronouns always mean the first person.
  let second: String
  let object: String
  let place: String
  let boxes: String
  let relation: String
  let activity: (verb: String, unit: String)

  /// Takes what the scenario and the requirements say, and draws the rest.
  init(_ wishes: StoryWishes, _ chance: inout Chance) {
    // Everything is drawn, used or not, so that a wish changes nothing but itself.
    let draw = (
      woman: chance.below(WordLists.women.count), man: chance.below(WordLists.men.count),
      isWoman: chance.happens(0.5), object: chance.below(WordLists.objects.count),
      place: chance.below(StoryCast.placesPerSetting),
      setting: chance.below(WordLists.places.count / StoryCast.placesPerSetting)
    )
    isWoman = wishes.startsWithWoman ?? draw.isWoman
    let woman = WordLists.women[wishes.woman ?? draw.woman]
    let man = WordLists.men[wishes.man ?? draw.man]
    first = isWoman ? woman : man
    second = isWoman ? man : woman
    object = WordLists.objects[wishes.object ?? draw.object]
    let place = (wishes.setting ?? draw.setting) * StoryCast.placesPerSetting + draw.place
    self.place = WordLists.places[wishes.place ?? place]
    boxes = chance.element(of: WordLists.boxes)
    relation = chance.element(of: WordLists.relations)
    activity =
      WordLists.activities[
        wishes.activity ?? chance.below(WordLists.activities.count)]
  }

  static let placesPerSetting = 10

  /// The words for a slot that only depends on the cast.
  func words(for slot: Grammar.Slot) -> String {
    switch slot {
    case .he: isWoman ? "she" : "he"
    case .him: isWoman ? "her" : "him"
    case .his: isWoman ? "her" : "his"
    case .himself: isWoman ? "herself" : "himself"
    case .obj: object
    case .place: place
    case .boxes: boxes
    case .verb: activity.verb
    case .unit: activity.unit
    case .second: second
    default: first
    }
  }
}

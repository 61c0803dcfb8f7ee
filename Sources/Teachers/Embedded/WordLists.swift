/// The words that problems and scenarios are filled with.
///
/// The last word of each entry is unique over objects and places, so that a scenario's own words
/// say what its problem is about. None of the entries holds a digit.
enum WordLists {
  static let women = words(
    """
    Maya, Olivia, Priya, Fatima, Ingrid, Chloe, Amara, Sofia, Yuki, Hannah, Leila, Nora, Carmen, \
    Zoe, Aisha, Greta, Ivy, Keiko, Lucia, Mina, Nadia, Paula, Rosa, Selma, Tessa, Uma, Valentina, \
    Wanda, Xenia, Yara, Zora, Astrid, Bianca, Clara, Daria, Elena, Freya, Gwen, Helena, Irene, \
    Jade, Kira, Lena, Mabel, Naomi, Odette, Petra, Ruth
    """)
  static let men = words(
    """
    Leo, Omar, Raj, Tomas, Felix, Hugo, Kofi, Liam, Mateo, Noah, Pavel, Quentin, Ravi, Samir, \
    Theo, Umberto, Viktor, Walter, Xavier, Yusuf, Zane, Anton, Bruno, Carlos, Dmitri, Emil, Finn, \
    Gustav, Hiro, Ivan, Jonas, Karim, Lars, Marco, Nils, Oscar, Peter, Rashid, Stefan, Tariq, \
    Ulrich, Vincent, Wei, Yannick, Zoltan, Arthur, Boris, Caleb
    """)
  static let objects = words(
    """
    marbles, stickers, muffins, pencils, buttons, shells, stamps, apples, oranges, cookies, \
    cupcakes, beads, postcards, badges, balloons, candles, crayons, erasers, notebooks, \
    bookmarks, key rings, ribbons, magnets, tickets, tomatoes, carrots, potatoes, pumpkins, \
    cucumbers, lemons, peaches, plums, pears, cherries, walnuts, chestnuts, acorns, pine cones, \
    eggs, pancakes, waffles, sandwiches, pretzels, bagels, bread rolls, biscuits, dumplings, \
    lollipops, caramels, tulips, roses, daisies, sunflowers, seedlings, onions, flower pots, \
    bricks, tiles, nails, screws, planks, pebbles, feathers, comics, puzzles, trading cards, \
    toy cars, toy trains, paper dolls, kites, whistles, tennis balls, jerseys, medals, posters, \
    flyers, envelopes, paper cranes, bracelets, necklaces, scarves, mittens, mugs, spoons, \
    plates, napkins, light bulbs, batteries, lanterns, fridge photos, model planes, sea stars
    """)
  /// Ten places for each of the built-in settings, in the order of that factor's first level.
  static let places = words(
    """
    in the kitchen, in the garage, in the living room, in the attic, on the balcony, \
    in the cellar, in the hallway, on the porch, in the tree house, in the laundry, \
    in the classroom, in the school library, in the art studio, in the science lab, \
    at the school fair, at the music lesson, on the playground, in the gym, in the canteen, \
    in the computer corner, \
    at the bakery, at the market, at the toy shop, at the bookshop, at the corner store, \
    at the florist, at the flea sale, at the craft stall, at the grocery, at the pharmacy, \
    on the farm, in the orchard, in the greenhouse, in the barn, at the henhouse, \
    in the vegetable patch, by the pond, in the vineyard, at the stables, in the meadow, \
    at the stadium, at the swimming pool, at the tennis court, at the chess club, \
    in the skate park, on the football pitch, in the climbing hall, at the bowling alley, \
    at the sports centre, at the summer camp, \
    at the train station, at the airport, on the ferry, at the campsite, at the museum, \
    at the harbour, on the beach, in the hotel, at the bus stop, in the mountains
    """)
  static let boxes = words(
    "boxes, bags, trays, jars, baskets, crates, shelves, buckets, tins, drawers, cartons, bowls")
  static let times = words(
    """
    Later that day; The next morning; After lunch; Before dinner; On Monday; On Tuesday; \
    On Wednesday; On Thursday; On Friday; On Saturday; On Sunday; In the evening; \
    A little later; Soon after; During the break; The following week; At noon; After that; \
    In the meantime; A few hours later; At sunset; On the way back; The day after; \
    Once everyone is ready
    """, separator: ";")
  static let relations = words("friend, cousin, neighbour, classmate, teammate, pen pal")
  static let chores = words(
    """
    washing windows; walking dogs; mowing lawns; raking leaves; babysitting; tutoring; \
    delivering papers; painting fences; feeding cats; shovelling snow; watering plants; \
    repairing bicycles
    """, separator: ";")
  static let items = words(
    """
    a book; a lamp; a scarf; a board game; a raincoat; a backpack; a guitar string; a chess set; \
    a sketch pad; a bicycle bell; a birthday cake; a pair of gloves; a torch; a puzzle ball; \
    a calendar; a picture frame
    """, separator: ";")
  /// What people do towards a goal, with the unit that it is counted in.
  static let activities: [(verb: String, unit: String)] = [
    ("read", "pages"), ("walk", "kilometres"), ("swim", "laps"), ("cycle", "miles"),
    ("write", "lines"), ("knit", "rows"), ("draw", "sketches"), ("learn", "new words"),
    ("visit", "villages"), ("type", "paragraphs"), ("climb", "stairs"),
    ("copy", "recipes"), ("play", "songs"), ("memorise", "verses"), ("dig", "holes"),
    ("sew", "stitches"), ("record", "episodes"), ("row", "lengths"),
  ]

  private static func words(_ text: String, separator: Character = ",") -> [String] {
    text.split(separator: separator).map { entry in
      var entry = entry.drop { $0 == " " }
      while entry.last == " " { entry.removeLast() }
      return String(entry)
    }
  }
}

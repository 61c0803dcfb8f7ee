/// The built-in tree as text, read by ``EmbeddedTree``.
///
/// A line without indentation is a factor. `*` lists endings of which each second-level node gets
/// four or five for its third level. Other lines are a first-level node and its children.
enum EmbeddedTreeText {
  static let factors = """
    Operation
      * with sums up to 20; with a carry or a borrow; with three numbers; with round numbers; \
    checked by the inverse; with one number missing; worked out in the head; written out in a table
      Addition: Joining two amounts; Adding several amounts; Counting on; Running totals; \
    Adding equal amounts again
      Subtraction: Taking away; Counting back; Finding the gap; Using up a supply; \
    Returning part of an amount
      Multiplication: Equal groups; Rows and columns; Scaling up; Price times quantity; \
    Rate times days
      Division: Sharing equally; Making groups of one size; Halving; Finding one part; \
    Spreading over days
      Mixed operations: Add then subtract; Multiply then add; Multiply then subtract; \
    Divide then add; Three different operations
    Setting
      * on an ordinary day; before a celebration; with a helper; on a busy weekend; \
    during the holidays; with a visitor; in bad weather; on a small budget
      At home: Kitchen; Garage; Living room; Attic; Balcony
      At school: Classroom; School library; Art studio; Science lab; Playground
      In shops and markets: Bakery; Toy shop; Bookshop; Craft stall; Grocery
      On the farm and in the garden: Orchard; Greenhouse; Henhouse; Vegetable patch; Stables
      Sports and games: Stadium; Swimming pool; Chess club; Climbing hall; Summer camp
      Travel and outings: Train station; Ferry; Campsite; Museum; Beach
    Numbers
      * in the starting amount; in every step; in the answer; in the last step; in a rate; \
    mixed with easier ones; given in a list; stated near the end
      Small whole numbers: Up to ten; Up to twenty; Doubles; Near doubles
      Two-digit numbers: Multiples of ten; Multiples of five; Crossing a ten; Below fifty; \
    Close to one hundred
      Larger whole numbers: Hundreds; Thousands; Round hundreds; Crossing a hundred
      Money amounts: Whole dollars; Prices of single things; Wages; Savings; Change
      Measured amounts: Lengths and distances; Days and weeks; Pages and lines; Weights; Scores
    Problem structure
      * with the result unknown; with two people; told in order of time; told from the end; \
    with a pause in between; with a repeated action; with one surprise; in two sentences
      Joining: Amounts arrive one by one; Two collections merge; A gift is added; \
    A supply grows daily
      Separating: Part is given away; Part is sold; Part is lost; A supply shrinks daily
      Comparison: More than someone; Fewer than someone; Times as many; Two people together; \
    How far apart
      Part and whole: Parts make a whole; One part is missing; Half of the whole; \
    Parts of equal size
      Equal groups: Boxes of one size; Lines of one length; Same amount each day; \
    One group is kept
    Question asked
      * as a direct question; as an instruction; after a condition; for the first person; \
    for the second person; with the unit named; at the very end; in one short clause
      Find a total: Total of two people; Total at the end; Total cost; Total over days
      Find what is left: Left after giving; Left after spending; Left to do; Left per person
      Find a difference: Missing to a goal; Gap between two people; Change since the start; \
    Still short of a price
      Find a share: Share of each child; Amount in each box; Amount a day; One person's part
      Find how many groups: Boxes needed; Days needed; Tickets to buy; Shelves to fill
    Wording
      * for a young reader; with proper names; with a time of day; with a place named; \
    in the present tense; with linking words; in plain words; with a friendly tone
      Short and direct: Two sentences; One condition; Bare facts; No extra detail
      Told as a story: With a beginning and an end; With two characters; With a mood; \
    Over several days
      With a distraction: An age that does not matter; A date that does not matter; \
    A count of onlookers; A time that does not matter
      With a comparison phrase: More than; Fewer than; Times as many as; Half as many as
      With a condition: If and then; Once something happens; After a certain day; Only one is kept
    """

  /// Names that have no place in grade-school arithmetic: what a careless proposer adds.
  static let strangers = """
    Quantum chromodynamics; Celebrity gossip; Medieval heraldry; Maritime insurance law; \
    Wine tasting notes; Constitutional amendments; Deep-sea trench geology; Opera librettos; \
    Stock option pricing; Organic chemistry; Haute couture; Transfer rumours; Star signs; \
    Roman emperors; Open-heart surgery; Satellite telemetry; Jazz improvisation; \
    Baroque architecture; Browser cookies; Volcano myths; Perfume reviews; Epic poetry metres; \
    Crime novels; Political campaigns
    """

  /// Endings for nodes that a person added, which the tree does not know: about the amounts.
  static let genericAmounts = "small numbers; larger numbers; with money; equal parts"

  /// As ``genericAmounts``, about the form of the problem.
  static let genericForms = """
    one step; several steps; with extra information; two people; over several days; \
    checked at the end; everyday words; in a table
    """
}

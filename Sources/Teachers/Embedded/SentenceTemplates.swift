/// What a sentence says about the amounts of a story.
enum SentenceAction: Int, CaseIterable {
  /// Changes the running amount, or begins it when there is none.
  case add, addProduct
  case subtract, subtractProduct, multiply, double, triple, divide, halve
  /// Sells every object, so that the story goes on in dollars.
  case convert
  /// Gives a second person an amount that depends on the running one.
  case more, fewer, times
  /// Tells something that changes nothing, without and with a number.
  case colour, distraction
  /// Begins a story, with one number or with the product of two.
  case open, openProduct
  /// Asks for the running amount, or for it after one more step.
  case askCurrent, askMissing, askDivided, askMultiplied, askReduced, askIncreased
  /// Asks for the second person's amount, both together, or how far they are apart.
  case askSecond, askTogether, askApart
}

/// The sentences that stories are told in, one on each line after its action.
///
/// A name in braces is filled in: `{N}` the first person's name, `{P}` name or pronoun, `{Q}` the
/// second person, `{n}` and `{m}` numbers in the order in which the action takes them. A line that
/// starts with `!` says when it happens itself. A sentence's meaning must follow from its words
/// without the filled-in ones.
enum SentenceTemplates {
  static let objects = """
    open: {N} has {n} {obj} {place}
    open: {place}, {N} counts {n} {obj}
    open: {N} collects {obj} and already owns {n} of them
    open: there are {n} {obj} {place}, and all of them belong to {N}
    open: {N} starts with {n} {obj}
    open: {place}, {N} unpacks {n} {obj}
    open: {N} looks after {n} {obj} {place}
    open: {place}, {N} is in charge of {n} {obj}
    open: a delivery of {n} {obj} arrives for {N} {place}
    open: {N} finds {n} {obj} {place} and keeps them all
    openProduct: {N} fills {n} {boxes} with {m} {obj} each
    openProduct: {place}, {N} lays out {n} lines of {m} {obj}
    openProduct: {N} has {n} {boxes} {place}, and each of them holds {m} {obj}
    openProduct: there are {n} {boxes} {place}; each one contains {m} {obj} that belong to {N}
    openProduct: {N} opens {n} packs of {obj} with {m} in every pack
    openProduct: for {n} days, {N} makes {m} {obj} a day {place}
    openProduct: every one of {n} guests {place} gives {N} {m} {obj}
    add: {P} buys {n} more {obj}
    add: {Q} gives {him} {n} {obj}
    add: {P} finds another {n} {obj} {place}
    add: {P} makes {n} extra {obj}
    add: {n} more {obj} arrive for {him} in the post
    add: {Q} brings over {n} {obj} as a present
    add: {P} wins {n} {obj} in a raffle
    add: {P} discovers {n} forgotten {obj} under a cloth
    add: {his} grandmother sends {him} {n} {obj}
    add: {P} swaps an old watch for {n} {obj}
    add: {P} gets {n} {obj} back from {Q}
    subtract: {P} gives {n} {obj} to {Q}
    subtract: {P} uses up {n} of the {obj}
    subtract: {n} of the {obj} turn out to be damaged and are thrown away
    subtract: {P} loses {n} {obj} along the path
    subtract: {Q} borrows {n} {obj} and never returns them
    subtract: {P} sells {n} of {his} {obj}
    subtract: {P} sets aside {n} {obj} for {Q}, who takes them home
    subtract: a visitor takes {n} of the {obj}
    subtract: {P} donates {n} {obj} to a charity
    subtract: {P} trades away {n} {obj}
    subtract: {P} hands out {n} {obj} to passers-by
    addProduct: {P} buys {n} {boxes} with {m} {obj} in each
    addProduct: {Q} hands {him} {n} bundles of {m} {obj}
    addProduct: ! over the next {n} days, {P} gets {m} more {obj} a day
    addProduct: {n} helpers bring {m} {obj} each and leave them with {him}
    subtractProduct: {P} gives {m} {obj} to each of {n} children
    subtractProduct: {P} packs {n} {boxes} with {m} {obj} each and sends them off
    subtractProduct: ! over the next {n} days, {P} uses {m} {obj} a day
    subtractProduct: {n} customers buy {m} {obj} each from {him}
    multiply: with the help of {Q}, {P} ends up with {n} times as many {obj}
    multiply: ! by the end of the week, {P} has {n} times as many {obj} as before
    multiply: a lucky trade leaves {him} with {n} times as many {obj}
    double: the number of {obj} doubles
    double: {Q} matches what {he} has, so the number of {obj} doubles
    double: {P} works hard and doubles the number of {obj}
    triple: the number of {obj} triples
    triple: {P} triples the number of {obj} with some help from {Q}
    divide: {P} puts the {obj} equally into {n} {boxes} and keeps only one of the {boxes}
    divide: {P} shares the {obj} equally among {n} people, {himself} included, and keeps {his} part
    divide: {P} splits the {obj} into {n} equal groups and keeps one group
    halve: {P} gives half of the {obj} to {Q}
    halve: half of the {obj} are left behind
    halve: {Q} asks for half of the {obj} and gets them
    convert: {P} sells all of the {obj} for ${n} each
    convert: a dealer pays {him} ${n} for every one of the {obj}
    more: {Q} has {n} more {obj} than {N}
    more: {Q} counts {n} {obj} more than {N} has
    fewer: {Q} has {n} fewer {obj} than {N}
    fewer: {Q} counts {n} {obj} fewer than {N} has
    times: {Q} has {n} times as many {obj} as {N}
    askCurrent: how many {obj} does {N} have now?
    askCurrent: how many {obj} does {N} end up with?
    askCurrent: what is the final number of {obj} that {N} has?
    askCurrent: can you work out how many {obj} {N} has at the end?
    askCurrent: find the number of {obj} that {N} has at the end.
    askCurrent: how many {obj} are there for {N} when all is done?
    askMissing: if {N} needs {n} {obj} in all, how many are still missing?
    askMissing: {N} would like to have {n} {obj}; how many more does {he} need?
    askDivided: if {N} now shares the {obj} equally among {n} children, how many does each child get?
    askDivided: how many {boxes} are needed if {N} packs {n} {obj} into each?
    askDivided: how many {obj} go on each shelf if {N} spreads them evenly over {n} shelves?
    askMultiplied: if each of the {obj} sells for ${n}, how many dollars does {N} take in?
    askMultiplied: how many grams do the {obj} of {N} weigh if each weighs {n} grams?
    askReduced: if {N} then gives {n} of the {obj} away, how many remain?
    askReduced: how many {obj} are left once {Q} has taken {n} of them?
    askIncreased: if {N} then buys {n} more, how many {obj} are there altogether?
    askIncreased: how many {obj} will there be once {Q} has added {n}?
    askSecond: how many {obj} does {Q} have?
    askSecond: find the number of {obj} that {Q} has.
    askTogether: how many {obj} do {N} and {Q} have together?
    askTogether: what is the total number of {obj} that {N} and {Q} own?
    askApart: how far apart are the numbers of {obj} of {N} and {Q}?
    askApart: what is the difference between the numbers of {obj} that {N} and {Q} have?
    """

  static let money = """
    open: {N} has saved ${n}
    open: {N} gets ${n} as a birthday present
    open: {place}, {N} earns ${n}
    open: {N} opens a savings account with ${n}
    open: the purse of {N} holds ${n}
    open: {N} sets out with ${n} to spend {place}
    openProduct: {N} works {n} hours {place} for ${m} an hour
    openProduct: {place}, {N} sells {n} {obj} for ${m} each
    openProduct: for {n} weeks, {N} saves ${m} a week
    openProduct: {N} rents out {n} {boxes} of {obj} at ${m} apiece
    add: {P} earns ${n} by {chore}
    add: {Q} pays {him} back ${n}
    add: {P} finds ${n} in an old coat
    add: {his} aunt sends {him} ${n}
    add: {P} gets a refund of ${n}
    add: {P} sells {item} for ${n}
    subtract: {P} spends ${n} on {item}
    subtract: {P} buys {item} for ${n}
    subtract: {P} lends ${n} to {Q}
    subtract: {P} donates ${n} to an animal shelter
    subtract: a taxi costs {him} ${n}
    subtract: {P} pays a bill of ${n}
    addProduct: {P} sells {n} {obj} for ${m} each
    addProduct: {P} washes {n} cars for ${m} each
    addProduct: {P} works {n} more hours for ${m} an hour
    subtractProduct: {P} buys {n} {obj} for ${m} each
    subtractProduct: {P} treats {n} children to a snack that costs ${m} each
    subtractProduct: ! over the next {n} days, {P} spends ${m} a day
    multiply: {P} invests wisely and ends up with {n} times as much money
    double: {his} uncle doubles the money
    double: {P} doubles the amount with some help from {Q}
    triple: a kind sponsor triples the amount
    divide: {P} splits the money equally among {n} people and keeps one share
    divide: {P} puts the money in equal parts into {n} envelopes and keeps only one envelope
    halve: {P} gives half of the money to {Q}
    halve: half of the money goes into a savings account
    more: {Q} has ${n} more than {N}
    fewer: {Q} has ${n} less than {N}
    times: {Q} has {n} times as much money as {N}
    askCurrent: how much money does {N} have now?
    askCurrent: how many dollars does {N} have in the end?
    askCurrent: how much money is {N} left with?
    askCurrent: find the amount in dollars that {N} ends up with.
    askMissing: if {item} costs ${n}, how many dollars is {N} still short?
    askMissing: {N} is saving for {item} at ${n}; how many more dollars does {he} need?
    askDivided: if {N} divides the money equally among {n} piles, how many dollars are in each?
    askDivided: how many tokens can {N} buy at ${n} each with all of the money?
    askReduced: if {N} then pays ${n} for {item}, how much money remains?
    askIncreased: if {Q} then adds ${n}, how much money is there altogether?
    askSecond: how much money does {Q} have?
    askTogether: how much money do {N} and {Q} have together?
    askApart: how far apart are the amounts of {N} and {Q} in dollars?
    """

  static let goal = """
    open: {N} plans to {do} {n} {unit} this month
    open: the goal of {N} is to {do} {n} {unit}
    open: {N} has to {do} {n} {unit} {place}
    open: {N} promises {Q} to {do} {n} {unit} {place}
    openProduct: {N} plans to {do} {m} {unit} on each of {n} days
    openProduct: {N} must {do} {n} sets of {m} {unit} {place}
    subtract: {P} gets {n} {unit} done
    subtract: {n} {unit} are finished with the help of {Q}
    subtract: {P} manages {n} of the {unit}
    subtract: {Q} takes over {n} of the {unit}
    subtract: {P} completes {n} {unit} without a break
    subtractProduct: ! over the next {n} days, {P} completes {m} {unit} a day
    subtractProduct: {P} completes {n} sets of {m} {unit}
    add: {his} coach adds {n} {unit} to the plan
    add: {P} decides to do {n} extra {unit}
    add: {Q} dares {him} to do another {n} {unit}
    addProduct: {his} coach adds {n} sets of {m} {unit}
    double: {P} feels strong and doubles what is left to do
    double: {his} coach doubles the rest of the plan
    triple: {his} coach triples the rest of the plan
    multiply: {his} coach makes the rest of the plan {n} times as long
    divide: {P} splits the rest equally in a team of {n} and does only one share
    halve: {Q} takes over half of the rest
    halve: {P} gives half of the rest to {Q}
    more: {Q} still has to do {n} {unit} more than {N}
    fewer: {Q} still has to do {n} {unit} fewer than {N}
    times: {Q} still has to do {n} times as many {unit} as {N}
    askCurrent: how many {unit} are still ahead of {N}?
    askCurrent: how many {unit} does {N} still have to do?
    askCurrent: find the number of {unit} that {N} has yet to do.
    askDivided: if {N} spreads the rest evenly over {n} days, how many {unit} is that a day?
    askDivided: how many days does {N} need for the rest at {n} {unit} a day?
    askReduced: how many {unit} remain once {N} has done {n} more?
    askIncreased: how many {unit} will it be if {Q} adds {n} more?
    askSecond: find how many {unit} the list of {Q} comes to.
    askTogether: how many {unit} do {N} and {Q} still have to do together?
    """

  /// Sentences that fit into every story.
  static let anywhere = """
    colour: it is a rainy afternoon
    colour: {P} is in a very good mood
    colour: everybody around is excited
    colour: music plays in the background
    colour: {Q} watches with great interest
    colour: {P} writes everything down carefully
    colour: a light breeze is blowing
    colour: {Q} keeps {him} company
    colour: {P} hums a cheerful tune
    colour: nobody is in a hurry
    distraction: {Q} is {n} years old
    distraction: the building next to them opened {n} years ago
    distraction: it is {n} degrees outside
    distraction: the bus ride took {n} minutes
    distraction: {his} favourite number is {n}
    distraction: {n} people are standing nearby
    distraction: a poster on the wall lists {n} rules
    distraction: the radio has played {n} tunes so far
    """
}

package import CanonicalJSON

/// What a person asks for: the content of `recipe.yaml`.
package struct Recipe: Sendable, Hashable {
  /// What the dataset is about, in the user's words.
  package var description: String
  /// How many accepted samples to make.
  package var sampleCount: Int
  /// The number that all sampling starts from.
  package var randomSeed: Int
  /// Which parts of the method take part.
  package var arm = Arm.full
  package var sample: SampleShape
  /// Given examples, shown to the proposer and the generator.
  package var exampleSamples: [JSON]
  /// Texts that ground the proposals, by content.
  package var references: [String]
  package var teachers: [Role: TeacherSettings]
  /// The factors' names where the recipe decides them itself; nil asks the proposer.
  package var factors: [String]?
  package var taxonomy: TaxonomyKnobs
  package var strategy: StrategyKnobs
  package var metaPrompts: MetaPromptKnobs
  package var complexity: ComplexityKnobs
  package var critics: CriticKnobs
  package var slots: SlotKnobs
  package var duplicates: DuplicateKnobs
  package var gapFill = GapFillKnobs()
  package var budget = BudgetKnobs()
  /// What models cost, by their names.
  package var prices: [String: Price] = [:]

  package init(
    description: String, sampleCount: Int, randomSeed: Int = 0, sample: SampleShape,
    exampleSamples: [JSON] = [], references: [String] = [], teachers: [Role: TeacherSettings],
    factors: [String]? = nil, taxonomy: TaxonomyKnobs = TaxonomyKnobs(),
    strategy: StrategyKnobs = StrategyKnobs(), metaPrompts: MetaPromptKnobs = MetaPromptKnobs(),
    complexity: ComplexityKnobs = ComplexityKnobs(), critics: CriticKnobs = CriticKnobs(),
    slots: SlotKnobs = SlotKnobs(), duplicates: DuplicateKnobs = DuplicateKnobs()
  ) {
    self.description = description
    self.sampleCount = sampleCount
    self.randomSeed = randomSeed
    self.sample = sample
    self.exampleSamples = exampleSamples
    self.references = references
    self.teachers = teachers
    self.factors = factors
    self.taxonomy = taxonomy
    self.strategy = strategy
    self.metaPrompts = metaPrompts
    self.complexity = complexity
    self.critics = critics
    self.slots = slots
    self.duplicates = duplicates
  }
}

/// The parts that models play.
package enum Role: String, Sendable, CaseIterable {
  case proposer, critic, planner, prompter, generator, judge
}

/// What one sample looks like.
package struct SampleShape: Sendable, Hashable {
  /// The JSON Schema as compact JSON, its property order as written.
  package var schema: String
  /// The property that holds the answer, or nil when samples have no defined answer.
  package var answer: String?
  /// The properties that make up the question: those compared for duplicates and shown to solvers.
  package var question: [String]
  /// The properties that critics never see.
  package var hiddenFromCritics: [String]
  /// Whether code can tell two answers apart.
  package var answerIsComparable = true

  package init(
    schema: String, answer: String? = nil, question: [String], hiddenFromCritics: [String] = []
  ) {
    self.schema = schema
    self.answer = answer
    self.question = question
    self.hiddenFromCritics = hiddenFromCritics
  }
}

/// One model and how it is asked.
package struct TeacherSettings: Sendable, Hashable {
  package enum Provider: String, Sendable, CaseIterable {
    case embedded
    /// Chat completions, as nearly every inference server speaks them.
    case openai
    /// Messages.
    case anthropic
    /// generateContent.
    case gemini

    /// Where the provider itself answers; nil where a recipe must say it.
    package var publicURL: String? {
      switch self {
      case .embedded, .openai: nil
      case .anthropic: "https://api.anthropic.com/v1"
      case .gemini: "https://generativelanguage.googleapis.com/v1beta"
      }
    }
  }
  package var provider: Provider
  package var model: String
  package var revision: String?
  /// The servers that share the requests, each up to and including the version part, such as
  /// `http://127.0.0.1:8080/v1`.
  package var baseURLs: [String] = []
  /// The name of the environment variable that holds the API key, or nil for none.
  package var keyVariable: String?
  package var temperature: Double?
  package var topP: Double?
  package var maxTokens: Int?
  /// Whether the server takes JSON Schemas; if not, they stand in the messages.
  package var isStructured = true
  /// The organisation that is charged, where the key belongs to several.
  package var organisation: String?
  /// Headers that go with every request, by their names in lower case.
  package var headers: [String: String] = [:]
  /// Members that are added to the body of every request.
  package var body: JSON?
  /// How many requests may be in flight at each server at once.
  package var concurrency: Int
  /// How many requests a minute each server grants.
  package var requestsPerMinute: Double?
  /// How many tokens a minute, of requests and answers together, each server grants.
  package var tokensPerMinute: Double?
  /// How long one response may take, in seconds.
  package var timeoutSeconds: Double
  package var embedded: EmbeddedRates

  /// The embedded teacher's model name; it has only one.
  package static let embeddedModel = "grade-school-arithmetic"

  package init(
    provider: Provider, model: String, revision: String? = nil, baseURLs: [String] = [],
    keyVariable: String? = nil, temperature: Double? = nil, topP: Double? = nil,
    maxTokens: Int? = nil, concurrency: Int = 64, timeoutSeconds: Double = 300,
    embedded: EmbeddedRates = EmbeddedRates()
  ) {
    self.provider = provider
    self.model = model
    self.revision = revision
    self.baseURLs = baseURLs
    self.keyVariable = keyVariable
    self.temperature = temperature
    self.topP = topP
    self.maxTokens = maxTokens
    self.concurrency = concurrency
    self.timeoutSeconds = timeoutSeconds
    self.embedded = embedded
  }
}

/// How the embedded teacher behaves; all are probabilities and part of its model identity.
package struct EmbeddedRates: Sendable, Hashable {
  /// How often a generated answer is wrong.
  package var wrongAnswers = 0.2
  /// The joint rate at which the double critic accepts a right answer.
  package var acceptsRight = 0.9
  /// The joint rate at which the double critic accepts a wrong answer.
  package var acceptsWrong = 0.1
  /// How often the requirement critic rejects a draft.
  package var rejectsDrafts = 0.1
  /// How often its critic of proposals removes what was planted wrong.
  package var removesPlanted = 0.9

  package init() {}
}

package struct TaxonomyKnobs: Sendable, Hashable {
  package var factorCount: ClosedRange<Int> = 3...6
  package var depth = 3
  package var proposals = 3
  package var children: ClosedRange<Int> = 4...8
  package var childrenCap = 12
  /// The most nodes that are expanded on one level of one factor.
  package var frontierCap = 64
  package var usesLevelPlans = true
  package init() {}
}

package struct StrategyKnobs: Sendable, Hashable {
  package enum Order: String, Sendable, CaseIterable {
    /// Each slot draws its mix by weights, apart from all others.
    case weighted
    /// Every leaf as early as can be, and no mix twice before all were used.
    case coverageFirst = "coverage-first"
  }
  package var count: ClosedRange<Int> = 2...5
  package var order = Order.weighted
  package init() {}
}

package struct MetaPromptKnobs: Sendable, Hashable {
  /// How many candidates are written in one call, of which one is used.
  package var candidates = 4
  /// How many slots in a row share a mix and a scenario.
  package var instances = 1
  package init() {}
}

package struct ComplexityKnobs: Sendable, Hashable {
  /// The share of meta-prompts that is complexified.
  package var fraction = 0.5
  package init() {}
}

package struct CriticKnobs: Sendable, Hashable {
  package enum Double: String, Sendable, CaseIterable { case off, ask, solve }
  package var judgesRequirements = true
  /// How many times a rejected draft is rewritten and judged again.
  package var refineRounds = 2
  package var double: Double = .off
  package init() {}
}

package struct SlotKnobs: Sendable, Hashable {
  /// How often one slot is tried.
  package var attempts = 4
  /// How many extra slots may open when others are exhausted, as a share of N.
  package var extraShare = 0.5
  package init() {}

  /// The most extra slots beside so many wanted samples.
  package func extra(of wanted: Int) -> Int { wanted.share(extraShare) }
}

/// Which leaves get slots of their own, after all numbered slots are filled.
package struct GapFillKnobs: Sendable, Hashable {
  /// How many samples each leaf is to have; 0 fills no gaps.
  package var minimum = 0
  /// The most samples that are added, as a share of N.
  package var limit = 0.1
  package init() {}

  /// The most samples that are added to so many wanted ones.
  package func most(of wanted: Int) -> Int { wanted.share(limit) }
}

/// Which samples are not kept since their questions are there already.
package struct DuplicateKnobs: Sendable, Hashable {
  /// Questions that share so many of their runs of 13 words are the same; nil compares whole texts only.
  package var near: Double? = 0.8
  /// Sets that models will be measured by.
  package var heldOut: [HeldOutSet] = []
  package init() {}
}

/// Questions that must not become samples.
package struct HeldOutSet: Sendable, Hashable {
  package let path: String
  /// The properties that make up a question; nil for those of samples.
  package let question: [String]?
  package let items: [JSON]

  package init(path: String, question: [String]?, items: [JSON]) {
    self.path = path
    self.question = question
    self.items = items
  }
}

extension Int {
  /// A share of a count, rounded down but for what doubles cannot hold: 0.29 of 100 is 29.
  fileprivate func share(_ share: Double) -> Int {
    Int((Double(self) * share * (1 + 1e-12)).rounded(.down))
  }
}

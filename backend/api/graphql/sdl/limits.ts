/** Limits and their gates. */
export const limits = /* GraphQL */ `
  "ready: it grants requests. blocked: its upstream asked us to wait. tripped: its requests failed; a probe request is sent from time to time."
  enum GateState { ready blocked tripped }
  type Gate {
    name: String!
    state: GateState!
    limit: String!
    api: String!
    used: [GateUse!]!
    inFlight: Int!
    concurrent: Int
    nextAt: DateTime
    blockedUntil: DateTime
    blockedReason: String
    failures: Int!
    trippedUntil: DateTime
    granted: BigInt!
    "Requests that waited for this limit."
    waits: BigInt!
    "Requests that the upstream refused because of its limits."
    throttled: BigInt!
    users: [GateUser!]!
  }
  "Usage of one rolling window; learned: the upstream reported its limit."
  type GateUse { span: String! used: Int! of: Int! windowMs: Float! learned: Boolean! }
  "A limit with all its gates together: one, or one for each host, key or account."
  type Limit {
    name: String!
    api: String!
    sources: [String!]!
    limit: String!
    scope: String!
    "Of its worst gate."
    state: GateState!
    gates: GateCounts!
    "Of its fullest gate, 0 to 1; null: not known."
    use: Float
    worst: Gate
    inFlight: Int!
    granted: BigInt!
    waits: BigInt!
    throttled: BigInt!
    waiting: WaitingCounts!
  }
  type GateCounts { total: Int! ready: Int! blocked: Int! tripped: Int! failing: Int! near: Int! }
  "Tasks that wait for the limit itself, and those that wait for a closed gate."
  type WaitingCounts { limit: Int! closed: Int! }
  type GateUser { job: ID! source: String! tasks: Int! waiting: Int! }
`

/** Messages that were rejected. */
export const deadLetters = /* GraphQL */ `
  type DeadLetters { items: [DeadLetter!]! queues: [DeadQueue!]! }
  type DeadLetter { id: ID! queue: String! at: DateTime reason: String! bytes: Int! body: String! messageId: String }
  "Dead letters of one queue and reason."
  type DeadGroup {
    queue: String!
    "The reason without what differs from letter to letter."
    group: String!
    count: Int!
    oldestAt: DateTime
    newestAt: DateTime
    "Of one of them."
    id: ID!
    reason: String!
  }
  type DeadGroups {
    items: [DeadGroup!]!
    read: Int!
    "Letters of still other reasons."
    others: Int!
    "Whether every letter was read."
    complete: Boolean!
    at: DateTime!
  }
  type DeadQueue { queue: String! count: Int! }
`

/** Changes of version and restarts, and what they changed. */
export const deploys = /* GraphQL */ `
  enum DeployKind { deploy restart crash }
  type Deploy {
    at: DateTime!
    kind: DeployKind!
    "Version before and after; the same for a restart."
    before: String!
    version: String!
    "PM2 apps that started."
    apps: [String!]!
    "How many processes."
    starts: Int!
  }
  "Windows of equal length before and after a change."
  type DeployEffect {
    "Null: none is known."
    mark: Deploy
    minutes: Int!
    "Null while there is no whole span after it."
    before: DeployFigures
    after: DeployFigures
  }
  type DeployFigures {
    from: DateTime!
    to: DateTime!
    requests: Float!
    "Requests without an answer, or with one of 5xx."
    failed: Float!
    throttled: Float!
    "Null without requests."
    errorRate: Float
    records: Float!
    recordsPerSecond: Float!
    retries: Float!
    failures: Float!
  }
`

import { ALERT_TARGETS } from '../../../base/vocabulary'

/** Conditions that need a person. */
export const alerts = /* GraphQL */ `
  type Alert {
    kind: String!
    subject: String!
    "A sentence for people."
    message: String!
    "What to run at the command line."
    hint: String
    "What it is about."
    target: AlertTarget
    since: DateTime!
    "Who acknowledged it; it ends with the alert."
    acknowledged: Acknowledged
  }
  enum AlertTargetKind { ${ALERT_TARGETS.join(' ')} }
  "The id of a job, schedule or webhook, the name of an API or queue."
  type AlertTarget { kind: AlertTargetKind! id: String! }
  type Acknowledged { at: DateTime! by: String! from: String! }
  type AlertGroup {
    kind: String!
    sentence: String!
    alerts: Int!
    acknowledged: Int!
    since: DateTime!
    latest: DateTime!
    "The first that is not acknowledged, else the first."
    first: Alert!
  }
  type AcknowledgedPayload { changed: Int! }
`

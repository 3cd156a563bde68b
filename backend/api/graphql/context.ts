import { GraphQLError } from 'graphql'
import type { Service } from '../../service/base/context'
import type { JobDetail } from '../../service/jobs/detail'
import type { JobFilter, JobSummary, Status } from '../../service/jobs/list'
import type { Actor } from '../../service/suite/actions'
import type { Sink } from './latest'

/** Jobs that changed or are new, and how many there are by status. */
export interface JobsNews {
  items: JobSummary[]
  counts: Record<Status, number>
}

/** What can be followed; each returns what stops it. */
export interface News {
  /** The job as it is, then whenever it has changed; ends once the job has. */
  job(id: string, sink: Sink<JobDetail>): () => void
  /** The newest jobs, then those that changed. */
  jobs(filter: JobFilter, limit: number, sink: Sink<JobsNews>): () => void
}

/** What a resolver works with: the service, and who asks. */
export interface Context {
  service: Service
  news: News
  actor: Actor
  canWrite: boolean
  /** W3C trace context of the request. */
  trace?: string
}

/** Who asks, once it is known that he may change things. @throws GraphQL error FORBIDDEN for a read-only token */
export function writer({ actor, canWrite }: Context): Actor {
  if (canWrite) return actor
  throw new GraphQLError('This token may only look; anything else needs ADMIN_TOKEN.', { extensions: { code: 'FORBIDDEN' } })
}

import { GraphQLError } from 'graphql'
import type { JobStatus } from '../../base/vocabulary'
import type { Service } from '../../service/base/context'
import type { JobDetail } from '../../service/jobs/detail'
import type { JobFilter, JobSummary } from '../../service/jobs/list'
import type { Actor } from '../../service/suite/actions'
import type { Sink } from './latest'

/** Jobs that changed or are new, and how many there are by status. */
export interface JobsUpdate {
  items: JobSummary[]
  counts: Record<JobStatus, number>
}

/** What can be followed; each function returns one that stops it. */
export interface Updates {
  /** The job as it is, then whenever it has changed; ends once the job has. */
  job(id: string, sink: Sink<JobDetail>): () => void
  /** The newest jobs, then those that changed. */
  jobs(filter: JobFilter, limit: number, sink: Sink<JobsUpdate>): () => void
}

/** What a resolver works with: the service, and who is asking. */
export interface Context {
  service: Service
  updates: Updates
  actor: Actor
  canWrite: boolean
  /** W3C trace context of the request. */
  trace?: string
}

/** Who is asking, after a check that they may change things. @throws GraphQL error FORBIDDEN for a read-only token */
export function writer({ actor, canWrite }: Context): Actor {
  if (canWrite) return actor
  throw new GraphQLError('This token is read-only; use ADMIN_TOKEN to change anything.', { extensions: { code: 'FORBIDDEN' } })
}

import type { Source } from '../../../contract'
import { alerts } from './alerts'
import { deadLetters } from './dead-letters'
import { deploys } from './deploys'
import { jobs } from './jobs'
import { killmailOptions } from './killmail-options'
import { limits } from './limits'
import { operations } from './operations'
import { suite } from './suite'
import { tasks } from './tasks'

/** The whole schema, as introspection shows it. */
export const sdlOf = (sources: readonly Source[]): string[] => [
  operations,
  jobs,
  tasks,
  killmailOptions(sources),
  suite,
  limits,
  deploys,
  deadLetters,
  alerts,
]

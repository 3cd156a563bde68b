import type { Source } from '../../../contract'
import { jobs } from './jobs'
import { killmailOptions } from './killmail-options'
import { operations } from './operations'
import { suite } from './suite'

/** The whole schema, as introspection shows it. */
export const sdlOf = (sources: readonly Source[]): string[] => [operations, jobs, killmailOptions(sources), suite]

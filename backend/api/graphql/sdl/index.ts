import { jobs } from './jobs'
import { operations } from './operations'
import { suite } from './suite'

/** The whole schema, as introspection shows it. */
export const sdl = [operations, jobs, suite]

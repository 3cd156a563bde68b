import { killmails } from './streams/killmails'
import { months } from './streams/months'
import { recent } from './streams/recent'
import { values } from './streams/values'

export { lookups } from './lookups'
export { plan } from './plan'
export { refusals } from './refusals'

export const streams = { killmails, months, recent, values }

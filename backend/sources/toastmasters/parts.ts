import { months } from './streams/months'
import { report } from './streams/report'
import { districts, summary } from './streams/summary'

export { checks } from './checks'
export { missing } from './missing'
export { plan } from './plan'
export { prepare } from './prepare'
export { preview } from './preview'
export { retention } from './store'

export const streams = { months, summary, districts, report }

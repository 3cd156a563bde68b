import { allOf, PLATFORM_PARTS } from './platforms'
import { PLATFORMS } from './store/records'
import { endStream } from './streams/end'
import { rollUpStream } from './streams/roll-up'

export { ended, joined, started } from './hooks'
export { missing } from './missing'
export { plan } from './plan'
export { prepare } from './prepare'
export { preview } from './preview'
export { retention } from './store/retention'

export const credentials = allOf('credentials')

export const streams = {
  ...allOf('streams'),
  ...Object.fromEntries(PLATFORMS.map((platform) => [`${platform}_end`, endStream(PLATFORM_PARTS[platform].queue)])),
  roll_up: rollUpStream,
}

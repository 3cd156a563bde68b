import { BadControl } from '../base/input'
import type { ControlRoute } from '../base/source'
import { documentOf } from './documents'
import type { Intent, Market } from './market'
import type { EventSocket } from './socket'

const textOf = (input: Record<string, unknown>, name: string): string => {
  const value = input[name]
  if (typeof value !== 'string' || value === '') throw new BadControl(`${name} is missing`)
  return value
}
const intentOf = (input: Record<string, unknown>): Intent => {
  if (input.intent === 'buy' || input.intent === 'sell') return input.intent
  throw new BadControl('intent must be buy or sell')
}

/** What can be asked of the market, and done to it. */
export const controlRoutes = (market: Market, socket: EventSocket): Record<string, ControlRoute> => ({
  'GET /truth': {
    about: 'listings that are there; ?name=… those of one item',
    run: (input) => (input.name === undefined ? market.all() : market.listed(String(input.name))).map(documentOf),
  },
  'POST /listings': {
    about: '{"name", "intent"}: a new listing, which is told to whoever listens',
    run: (input) => documentOf(market.add(textOf(input, 'name'), intentOf(input))),
  },
  'POST /listings/edit': {
    about: '{"id", "currencies", "details"}: another price or text',
    run: ({ id, ...change }) => documentOf(market.edit(textOf({ id }, 'id'), change)),
  },
  'POST /listings/remove': {
    about: '{"id", "silent"}: ends a listing; silent: nobody is told',
    run: (input) => market.remove(textOf(input, 'id'), { silent: input.silent === true || input.silent === 'true' }),
  },
  'POST /events': { about: '{"frame"}: sends any text to whoever listens', run: (input) => socket.send(textOf(input, 'frame')) },
  'POST /events/drop': { about: 'ends the connections of whoever listens', run: () => socket.drop() },
})

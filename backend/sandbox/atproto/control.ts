import { type Input, oneOf, text, whole } from '../base/input'
import type { ControlRoute } from '../base/source'
import type { AtprotoControls } from './controls'
import { DOCUMENTS, HOST_STATES, STATES } from './shapes'

const PAGE_OF_TRUTH = 1000

/** `collection` once, several times or with commas between. */
function collectionsOf(input: Input): string[] | undefined {
  const given = [input.collection].flat().filter((value) => typeof value === 'string')
  return given.length === 0 ? undefined : given.flatMap((value) => value.split(','))
}

const page = (input: Input): number => whole(input, 'page') ?? 1
const offset = (input: Input): number => (page(input) - 1) * PAGE_OF_TRUTH
const did = (input: Input): string => text(input, 'did')

/** The control routes over the typed methods. */
export const controlRoutes = (it: AtprotoControls): Record<string, ControlRoute> => ({
  'GET /truth': {
    about: 'records that a complete backfill holds; ?collection=…&page=1',
    run: async (input) => ({
      count: it.count(collectionsOf(input)),
      page: page(input),
      records: await it.truth(collectionsOf(input), offset(input), PAGE_OF_TRUTH),
    }),
  },
  'GET /repos': {
    about: 'every repo: host, state, revision, records by collection; ?page=1',
    run: (input) => ({ page: page(input), repos: it.repos(offset(input), PAGE_OF_TRUTH) }),
  },
  'GET /hosts': { about: 'addresses of the hosts', run: () => it.hosts() },
  'POST /edit': {
    about: '{"did", "collection", "action", "count", "rkey", "keepsRev"}: creates, updates or deletes records',
    run: (input) =>
      it.edit({
        did: did(input),
        collection: text(input, 'collection'),
        action: oneOf(input, 'action', ['create', 'update', 'delete']),
        count: whole(input, 'count'),
        rkey: input.rkey === undefined ? undefined : text(input, 'rkey'),
        keepsRev: input.keepsRev === true,
      }),
  },
  'POST /state': {
    about: `{"did", "state"}: ${STATES.join(', ')}`,
    run: (input) => it.state(did(input), oneOf(input, 'state', STATES)),
  },
  'POST /hide': {
    about: '{"did", "collection", "rkey"}: the host takes a record down',
    run: (input) => it.hide(did(input), text(input, 'collection'), text(input, 'rkey')),
  },
  'POST /migrate': {
    about: '{"did", "host"}: moves a repo to another host',
    run: (input) => it.migrate(did(input), text(input, 'host')),
  },
  'POST /document': {
    about: '{"did", "document"}: breaks the DID document; null repairs it',
    run: (input) => it.document(did(input), input.document == null ? undefined : oneOf(input, 'document', DOCUMENTS)),
  },
  'POST /add': { about: '{"count"}: new repos', run: (input) => it.add(whole(input, 'count') ?? 1) },
  'POST /host': {
    about: `{"host", "state", "ms"}: ${HOST_STATES.join(', ')}`,
    run: (input) => it.host(text(input, 'host'), oneOf(input, 'state', HOST_STATES), whole(input, 'ms')),
  },
})

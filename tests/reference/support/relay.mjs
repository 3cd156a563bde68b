import { once } from 'node:events'
import { createServer } from 'node:http'
import { call } from './xrpc.mjs'

/** Short pages, so that a list of twenty has some. */
const PAGE = 8

/**
 * Stands in for a relay, of which there is no package: an index over the PDSes' listRepos and describeRepo. Like the public one
 * it keeps the order in which repos were first seen, and never forgets one.
 */
export async function startRelay(hosts) {
  const seen = new Map()
  const asked = []

  async function reposOf(pds) {
    const dids = []
    for (let cursor; ; ) {
      const page = await call(pds, 'com.atproto.sync.listRepos', { query: { limit: 1000, ...(cursor && { cursor }) } })
      dids.push(...page.repos.filter(({ active }) => active !== false).map(({ did }) => did))
      cursor = page.cursor
      if (cursor === undefined || page.repos.length === 0) return dids
    }
  }

  function answer(url) {
    const nsid = url.pathname.slice('/xrpc/'.length)
    const at = Number(Buffer.from(url.searchParams.get('cursor') ?? '', 'base64url').toString() || 0)
    const limit = Math.min(PAGE, Number(url.searchParams.get('limit') ?? 500))
    const page = (all, size, name) => {
      const next = at + size
      const cursor = next < all.length ? { cursor: Buffer.from(String(next)).toString('base64url') } : {}
      return { [name]: all.slice(at, next), ...cursor }
    }
    if (nsid === 'com.atproto.sync.listReposByCollection') {
      const dids = [...(seen.get(url.searchParams.get('collection')) ?? [])]
      return page(
        dids.map((did) => ({ did })),
        limit,
        'repos',
      )
    }
    if (nsid !== 'com.atproto.sync.listHosts') return undefined
    return page(
      hosts.map(({ host }) => ({ hostname: host, status: 'active' })),
      1,
      'hosts',
    )
  }

  const server = createServer((request, response) => {
    asked.push(request.url)
    const body = answer(new URL(request.url, 'http://relay'))
    response.writeHead(body ? 200 : 501, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body ?? { error: 'MethodNotImplemented', message: 'not served here' }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')

  return {
    url: `http://127.0.0.1:${server.address().port}`,
    asked,
    /** Names the hosts in the other order from now on. */
    turn: () => hosts.reverse(),
    /** Reads every repo that is shown now. */
    async crawl() {
      for (const pds of hosts) {
        for (const did of await reposOf(pds)) {
          const { collections } = await call(pds, 'com.atproto.repo.describeRepo', { query: { repo: did } })
          for (const collection of collections) {
            const dids = seen.get(collection) ?? new Set()
            seen.set(collection, dids.add(did))
          }
        }
      }
    },
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  }
}

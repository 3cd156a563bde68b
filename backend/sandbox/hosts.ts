import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { OpenSource } from './base/source'

/** Servers that pass everything to an API mounted on the sandbox. */
export interface Hosts {
  close(): Promise<void>
}

async function listen(server: Server, port: number): Promise<string> {
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || port === 0) throw error
    return listen(server, 0)
  }
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/**
 * Opens the hosts of all sources and tells them where they listen.
 * @param firstPort of the first one, the others follow; 0 takes free ones, as does one whose port is taken
 */
export async function openHosts(app: FastifyInstance, sources: OpenSource[], firstPort: number): Promise<Hosts> {
  const apis = sources.flatMap(({ hosts = [] }) => hosts)
  const servers = apis.map((api) =>
    createServer((request, response) => {
      request.url = api.prefix + request.url
      app.routing(request, response)
    }),
  )
  const close = async () => {
    await Promise.all(
      servers.map(async (server) => {
        const closed = server.listening ? once(server, 'close') : undefined
        server.close()
        server.closeAllConnections()
        await closed
      }),
    )
  }
  try {
    const addresses = await Promise.all(servers.map((server, n) => listen(server, firstPort === 0 ? 0 : firstPort + n)))

    for (const { hosts = [], located } of sources) located?.(addresses.splice(0, hosts.length))
    return { close }
  } catch (error) {
    await Promise.all([close(), app.close()])
    throw error
  }
}

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import files from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { problem, send } from './problems'

const NOT_BUILT = 'The dashboard is not built: run ./scripts/setup (or yarn build). The API works without it; see /api/docs.'

/** Whether a request is for a page of the dashboard: its paths have no extension and are not the API's. */
const isPage = (method: string, path: string): boolean =>
  (method === 'GET' || method === 'HEAD') && !/^\/(api|graphql)(?![^/])/.test(path) && !/\.\w+$/.test(path)

/**
 * Serves the built dashboard. Browsers keep files with a hash in their name for a year, because those never change, and ask for the page
 * itself each time. Paths of the dashboard that are not files get the page.
 */
export async function serveDashboard(app: FastifyInstance, root: string): Promise<void> {
  const isBuilt = existsSync(join(root, 'index.html'))
  if (isBuilt) {
    await app.register(files, {
      root,
      index: 'index.html',
      cacheControl: false,
      preCompressed: true,
      setHeaders(reply, path) {
        const isHashed = path.startsWith(join(root, 'assets'))
        reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    })
  } else app.get('/', { schema: { hide: true } as object }, (_, reply) => send(reply, problem(503, NOT_BUILT)))
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?')
    if (isBuilt && isPage(request.method, path)) return reply.sendFile('index.html')
    return send(reply, problem(404, `There is no route ${request.method} ${path.slice(0, 200)}; see /api/docs`))
  })
}

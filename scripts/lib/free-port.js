/** Prints the first free port from the given one on. */
const { createServer } = require('node:net')

const attempt = (port) => {
  const server = createServer()
  server.on('error', () => attempt(port + 1))
  server.listen(port, '0.0.0.0', () => server.close(() => console.log(port)))
}
attempt(Number(process.argv[2]))

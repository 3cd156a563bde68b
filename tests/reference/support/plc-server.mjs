import { Database, PlcServer } from '@did-plc/server'

/** The reference directory, in memory. Its parent is told the port. */
const server = PlcServer.create({ db: Database.mock(), port: 0 })
const listener = await server.start()
process.send({ ready: listener.address().port })
process.on('disconnect', () => process.exit(0))

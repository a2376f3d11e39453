// BullMQ: the same work as work.py, one line of JSON. `node bullmq.cjs PATH-OF-SOCKET JOBS`, in a folder with node_modules.
// Priorities, delays, rate limits and flows it has; skills of workers, levels, capacity in units it hasn't.
const { createRequire } = require('node:module')
const need = createRequire(process.cwd() + '/')
const { Queue, Worker } = need('bullmq')
const Redis = need('ioredis')

const [path, jobs] = [process.argv[2], Number(process.argv[3])]
const [WORKERS, PUSHERS, SINGLE] = [10, 16, 100]
const payload = 'x'.repeat(190)
const connect = () => new Redis({ path, maxRetriesPerRequest: null })
const now = () => performance.now()
const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

const queue = new Queue('jobs', { connection: connect(), skipVersionCheck: true })
const taken = new Map()
let wanted = Infinity
let told = () => {}
const wait = (count) => new Promise((done) => {
  wanted = count
  told = done
  if (taken.size >= wanted) done()
})
const add = (name) => queue.add('job', { name, payload }, { removeOnComplete: true })

async function main() {
  await queue.waitUntilReady()
  let begun = now()
  await Promise.all([...Array(PUSHERS).keys()].map(async (first) => {
    for (let i = first; i < jobs; i += PUSHERS) await add(`j${i}`)
  }))
  const push = jobs / (now() - begun) * 1000
  begun = now()
  const worker = new Worker('jobs', async (job) => {
    taken.set(job.data.name, now())
    if (taken.size >= wanted) told()
  }, { connection: connect(), concurrency: WORKERS, skipVersionCheck: true })
  await wait(jobs)
  const take = jobs / (now() - begun) * 1000
  await sleep(300)
  const sent = new Map()
  for (let i = 0; i < SINGLE; i++) {
    await sleep(5)
    sent.set(`s${i}`, now())
    await add(`s${i}`)
  }
  await wait(jobs + SINGLE)
  console.log(JSON.stringify({ push, take, waits: [...sent].map(([name, at]) => taken.get(name) - at) }))
  await worker.close(true)
  process.exit(0)
}

main()

// The API that the tests send requests to, in a process of its own.
import { createServer } from 'node:http';

const server = createServer((request, response) => {
  response.statusCode = request.url === '/good' ? 200 : 503;
  response.end('{}');
});
server.listen(0, '127.0.0.1', () => process.send(`http://127.0.0.1:${server.address().port}`));
process.once('disconnect', () => process.exit());

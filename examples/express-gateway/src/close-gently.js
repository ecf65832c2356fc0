/**
 * Answers a function that closes a server once it has answered what it has taken. `server.close()` alone leaves connections that
 * are in use, and a busy caller with a connection that is kept alive would go on for ever: from now on each answer says
 * `Connection: close`.
 */
export function closeGently(server) {
  const open = new Set();
  let isClosing = false;
  server.prependListener('request', (_request, response) => {
    open.add(response);
    response.once('close', () => open.delete(response));
    if (isClosing) response.setHeader('Connection', 'close');
  });
  return () => {
    isClosing = true;
    for (const response of open) if (!response.headersSent) response.setHeader('Connection', 'close');
    return new Promise((resolve) => server.close(resolve));
  };
}

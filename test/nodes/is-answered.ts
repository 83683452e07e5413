import { get } from 'node:http';

/** Asks a server on the loopback interface, by a connection of its own: whether it answers 200, all of it. */
export async function isAnswered(port: number, path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const request = get({ port, host: '127.0.0.1', path, agent: false }, (response) => {
      response.resume().on('end', () => {
        resolve(response.statusCode === 200);
      });
    });
    request.on('error', () => {
      resolve(false);
    });
  });
}

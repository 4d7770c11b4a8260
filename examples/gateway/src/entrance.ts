import type { RequestListener } from 'node:http';

/**
 * The listener of a server whose application can be made only when the port is known. Earlier requests wait for the
 * application, so none is left without an answer.
 */
export class Entrance {
  readonly #application: Promise<RequestListener>;
  #open: (application: RequestListener) => void = () => {};

  constructor() {
    this.#application = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  readonly listener: RequestListener = (request, response) => {
    void this.#application.then((application) => application(request, response));
  };

  /** Lets everybody in. */
  open(application: RequestListener): void {
    this.#open(application);
  }
}

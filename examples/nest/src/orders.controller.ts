import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { CurrentPrincipal, Public, RequireScopes, Secured } from '@sallyport/adapters/nest';
import type { Principal } from '@sallyport/core';

interface Order {
  readonly id: number;
  readonly item: string;
  readonly orderedBy: string;
}

@Controller('orders')
@RequireScopes('orders:read')
export class OrdersController {
  readonly #orders: Order[] = [];

  @Get()
  all() {
    return this.#orders;
  }

  @Post()
  @Secured((handler) => handler('jwt'))
  @RequireScopes('orders:write')
  add(@Body() { item }: { readonly item: string }, @CurrentPrincipal() { subject }: Principal) {
    const order = { id: this.#orders.length + 1, item, orderedBy: subject };
    this.#orders.push(order);
    return order;
  }

  @Public()
  @Get('health')
  @HttpCode(200)
  health() {
    return { status: 'up' };
  }
}

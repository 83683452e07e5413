/** Where to send things. */
export interface Address {
  label: string;
  recipient: string;
  street: string;
  postalCode: string;
  city: string;
  country: string;
}

/** How a customer likes the store to behave. */
export interface Preferences {
  language: string;
  currency: string;
  timeZone: string;
  newsletter: { weekly: boolean; restock: boolean; topics: string[] };
  dashboard: { days: number; panels: string[]; compareWithLastYear: boolean };
}

/** A line of a cart, with what the page shows of the product. */
export interface CartLine {
  sku: string;
  title: string;
  imageUrl: string;
  quantity: number;
  priceCents: number;
  addedAtMs: number;
}

/** A product that the customer looked at. */
export interface ViewedProduct {
  sku: string;
  title: string;
  imageUrl: string;
  priceCents: number;
  viewedAtMs: number;
}

/** A customer as stored. */
export interface Customer {
  id: string;
  email: string;
  name: string;
  region: string;
  role: 'customer' | 'staff';
  /** `scrypt$cost$salt$hash`. */
  password: string;
  addresses: Address[];
  preferences: Preferences;
  savedCart: CartLine[];
  recentlyViewed: ViewedProduct[];
  recentSearches: string[];
}

/** What a customer may read about themselves: everything but the password. */
export type Profile = Omit<Customer, 'password' | 'savedCart' | 'recentlyViewed' | 'recentSearches'>;

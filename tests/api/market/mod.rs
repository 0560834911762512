mod my_listings;

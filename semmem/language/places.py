"""Countries and parts of them, by which a place is known to be wider than a town.

Left out are those that are towns too, such as Singapore, Luxembourg, New York and Washington.
"""

_COUNTRIES = """
Afghanistan, Albania, Algeria, Angola, Argentina, Armenia, Australia, Austria, Azerbaijan, Bahrain, Bangladesh, Belarus,
Belgium, Bolivia, Bosnia, Botswana, Brazil, Bulgaria, Cambodia, Cameroon, Canada, Chile, China, Colombia,
Costa Rica, Croatia, Cuba, Cyprus, Czechia, Denmark, Dominican Republic, Ecuador, Egypt, El Salvador,
Estonia, Ethiopia, Finland, France, Germany, Ghana, Greece, Guatemala, Haiti, Honduras, Hungary,
Iceland, India, Indonesia, Iran, Iraq, Ireland, Israel, Italy, Ivory Coast, Jamaica, Japan, Jordan, Kazakhstan, Kenya,
Korea, Kosovo, Laos, Latvia, Lebanon, Libya, Lithuania, Madagascar, Malawi, Malaysia, Mali, Malta, Mauritius, Mexico,
Moldova, Mongolia, Montenegro, Morocco, Mozambique, Myanmar, Namibia, Nepal, Netherlands, New Zealand, Nicaragua,
Nigeria, North Korea, North Macedonia, Norway, Oman, Pakistan, Palestine, Paraguay, Peru, Philippines, Poland,
Portugal, Qatar, Romania, Russia, Rwanda, Saudi Arabia, Senegal, Serbia, Slovakia, Slovenia, Somalia, South Africa,
South Korea, Spain, Sri Lanka, Sudan, Sweden, Switzerland, Syria, Taiwan, Tanzania, Thailand, Togo, Tunisia, Turkey,
Türkiye, Uganda, UK, Ukraine, UAE, US, Uruguay, Uzbekistan, Venezuela, Vietnam, Yemen, Zambia, Zimbabwe
"""
# States, provinces and regions; Georgia is a country too.
_PARTS = """
Alabama, Alaska, Arizona, Arkansas, California, Colorado, Connecticut, Delaware, Florida, Georgia, Hawaii, Idaho,
Illinois, Indiana, Iowa, Kansas, Kentucky, Louisiana, Maine, Maryland, Massachusetts, Michigan, Minnesota, Mississippi,
Missouri, Montana, Nebraska, Nevada, New Hampshire, New Jersey, New Mexico, North Carolina, North Dakota, Ohio,
Oklahoma, Oregon, Pennsylvania, Rhode Island, South Carolina, South Dakota, Tennessee, Texas, Utah, Vermont, Virginia,
Washington State, West Virginia, Wisconsin, Wyoming, New York State, Carolina, Dakota, New England, Midwest, Bay Area,
Alberta, British Columbia, Manitoba, Nova Scotia, Ontario, Saskatchewan, New South Wales, Queensland, Tasmania,
England, Scotland, Wales, Northern Ireland, Cornwall, Devon, Kent, Yorkshire, Sussex, Essex, Midlands,
Bavaria, Saxony, Hesse, Brandenburg, Thuringia, Swabia, Baden-Württemberg, Tyrol, Styria, Carinthia,
Brittany, Normandy, Provence, Burgundy, Alsace, Catalonia, Andalusia, Galicia, Tuscany, Sicily, Sardinia, Lombardy,
Umbria, Flanders, Wallonia, Punjab, Kerala, Goa, Gujarat, Maharashtra
"""
_CONTINENTS = """
Africa, Asia, Europe, North America, South America, Latin America, Central America, Oceania, Scandinavia,
EU, European Union, Middle East, Caribbean, Balkans, Balkan, Baltics, Benelux
"""

STREET, TOWN, PART, COUNTRY, CONTINENT = range(5)  # how wide a place is

EXTENTS = {
    name.strip().casefold(): extent
    for extent, text in ((PART, _PARTS), (COUNTRY, _COUNTRIES), (CONTINENT, _CONTINENTS))
    for name in text.split(",")
}

# Other names of one place.
SAME_PLACE = {
    **dict.fromkeys(("united kingdom", "great britain", "britain"), "uk"),
    **dict.fromkeys(("united states", "united states of america", "usa", "states", "america"), "us"),
    **{"holland": "netherlands", "czech republic": "czechia", "united arab emirates": "uae"},
    **{"new york city": "new york", "nyc": "new york", "la": "los angeles", "sf": "san francisco"},
}

"""Countries and states: places that a town is in."""

from semmem.language.words import listed

# Without those that are a town's name as well, such as Luxembourg and New York. Two words are joined by a point.
LANDS = frozenset(
    name.replace(".", " ")
    for name in listed(
        """
        afghanistan albania algeria andorra angola argentina armenia australia austria azerbaijan bahrain bangladesh
        belarus belgium belize bhutan bolivia bosnia botswana brazil britain bulgaria cambodia cameroon canada chile
        china colombia congo costa.rica croatia cuba cyprus czechia czech.republic denmark ecuador egypt el.salvador
        england estonia ethiopia fiji finland france georgia germany ghana greece honduras hungary iceland india
        indonesia iran iraq ireland israel italy jamaica japan jordan kazakhstan kenya kosovo laos latvia lebanon
        libya lithuania madagascar malawi malaysia malta mauritius mexico moldova mongolia montenegro morocco
        mozambique myanmar namibia nepal netherlands new.zealand nicaragua nigeria north.korea northern.ireland norway
        oman pakistan paraguay peru philippines poland portugal qatar romania russia rwanda saudi.arabia scotland
        senegal serbia slovakia slovenia somalia south.africa south.korea spain sri.lanka sudan sweden switzerland
        syria taiwan tanzania thailand tunisia turkey uganda uk ukraine united.kingdom united.states uruguay us usa
        uzbekistan venezuela vietnam wales yemen zambia zimbabwe
        alabama alaska arizona arkansas california colorado connecticut delaware florida hawaii idaho illinois indiana
        iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana
        nebraska nevada new.hampshire new.jersey new.mexico north.carolina north.dakota ohio oklahoma oregon
        pennsylvania rhode.island south.carolina south.dakota tennessee texas utah vermont virginia west.virginia
        wisconsin wyoming
        alberta british.columbia manitoba nova.scotia ontario saskatchewan new.south.wales queensland tasmania
        bavaria saxony hesse thuringia brandenburg tuscany sicily sardinia lombardy brittany normandy provence
        catalonia andalusia galicia algarve tyrol cornwall devon kent sussex yorkshire
        """
    )
)
